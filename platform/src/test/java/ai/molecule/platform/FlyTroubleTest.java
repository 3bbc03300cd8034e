package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.fly.Fault;
import ai.molecule.fly.FlyEmulator;
import ai.molecule.fly.Operation;
import ai.molecule.platform.backend.flyio.TestFly;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// What goes wrong at Fly stands on the workspace, in a state and with words of its own for each thing.
class FlyTroubleTest {

    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private static TestFly fly;
    private static TestHouse house;

    @BeforeAll
    static void open() throws Exception {
        fly = TestFly.running();
        house = TestHouse.open(fly.variables("flyio"));
    }

    @AfterAll
    static void close() {
        house.close();
        fly.close();
    }

    @AfterEach
    void mend() {
        fly.emulator().faults().clear();
    }

    private static void awaitSaid(String id, String status, String reason) {
        await(status + ": " + reason).atMost(PATIENCE).untilAsserted(() -> {
            var shown = house.get("/workspaces/" + id);
            assertThat(shown.text("status")).isEqualTo(status);
            assertThat(shown.text("status_reason")).contains(reason);
        });
    }

    private static String online(String name) throws Exception {
        var id = house.create("{\"name\":\"" + name + "\"}");
        house.awaitStatus(id, "online");
        return id;
    }

    private static String machine(String id) throws Exception {
        return house.get("/workspaces/" + id).text("instance").replaceFirst("@.*", "");
    }

    @Test
    void aHostThatDoesNotAnswerIsDegradedAndGetsBetter() throws Exception {
        var id = online("on a silent host");
        fly.emulator().host(machine(id), "unreachable");
        awaitSaid(id, "degraded", "the host of Fly's machine " + machine(id) + " does not answer");
        fly.emulator().host(machine(id), "ok");
        awaitSaid(id, "online", "");
    }

    @Test
    void anAgentThatEndsAgainAndAgainFailsAndSaysHow() throws Exception {
        try (var crashing = TestFly.running(FlyEmulator.Options.quick(), List.of("/bin/sh", "-c", "exit 3"));
                var other = TestHouse.open(crashing.variables("flyio"))) {
            var id = other.create("{\"name\":\"crashing\"}");
            await().atMost(PATIENCE).until(() -> other.status(id).equals("failed"));
            assertThat(other.get("/workspaces/" + id).text("status_reason"))
                    .contains("6 times")
                    .contains("exited with code 3");
            assertThat(crashing.emulator().machines()).hasSize(1);
        }
    }

    @Test
    void anOrganisationThatMayHaveNoMoreMachinesIsSaid() throws Exception {
        fly.emulator().faults().machinesMax(0);
        var id = house.create("{\"name\":\"one too many\"}");
        awaitSaid(id, "failed", "over the quota of the organisation");
        house.admin("DELETE", "/workspaces/" + id, "");
    }

    @Test
    void noRoomAnywhereNamesTheRegionsThatWereTried() throws Exception {
        fly.emulator().faults().room("ams", 0);
        fly.emulator().faults().room("fra", 0);
        var id = house.create("{\"name\":\"nowhere\",\"metadata\":{\"region\":\"ams,fra\"}}");
        awaitSaid(id, "failed", "no capacity: Fly has no room for 512 MB in ams, fra");
        house.admin("DELETE", "/workspaces/" + id, "");
    }

    @Test
    void anImageThatIsNotThereIsNamed() throws Exception {
        fly.emulator().faults().missImage("registry.example/workspace-echo:latest");
        var id = house.create("{\"name\":\"without an image\"}");
        await().atMost(PATIENCE)
                .until(() ->
                        house.get("/workspaces/" + id).text("status_reason").contains("image"));
        house.admin("DELETE", "/workspaces/" + id, "");
    }

    @Test
    void aTokenThatIsNotGoodAnyMoreHasStartsWaitAndSaysWhich() throws Exception {
        var refused = "{\"error\":\"Authenticate: token validation error\"}";
        fly.emulator().faults().add(Fault.refuse(Operation.UPDATE_SECRETS, 1_000, 401, refused));
        var id = house.create("{\"name\":\"patient\"}");
        awaitSaid(id, "provisioning", "check FLY_API_TOKEN");
        fly.emulator().faults().clear();
        house.awaitStatus(id, "online");
    }

    @Test
    void aRateLimitIsWaitedOut() throws Exception {
        fly.emulator().faults().add(Fault.refuse(Operation.CREATE_MACHINE, 2, 429, ""));
        online("in a queue");
        assertThat(fly.emulator().machines())
                .filteredOn(machine -> machine.state().equals("created"))
                .isEmpty();
    }
}
