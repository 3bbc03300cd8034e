package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.fly.Fault;
import ai.molecule.fly.FlyEmulator;
import ai.molecule.fly.Operation;
import ai.molecule.platform.backend.flyio.TestFly;
import java.time.Duration;
import java.util.ArrayList;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The whole house with agents on machines of the emulator: from `POST /workspaces` to an answer out of a
/// machine, through sleep and back.
class FlyHouseTest {

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

    private static String online(String body) throws Exception {
        var id = house.create(body);
        house.awaitStatus(id, "online");
        return id;
    }

    private static FlyEmulator.Seen machine(String workspace) {
        return fly.emulator().machines().stream()
                .filter(machine -> workspace.equals(machine.metadata().get("molecule_workspace")))
                .findFirst()
                .orElseThrow();
    }

    private static String answer(String id, String text) throws Exception {
        return String.join(" ", TestHouse.texts(house.say(id, TestHouse.ADMIN_TOKEN, text)));
    }

    @Test
    void anAgentOnAMachineAnswersFromTheRegionThatWasAskedFor() throws Exception {
        var id = online("{\"name\":\"eu-worker\",\"tier\":3,\"metadata\":{\"region\":\"ams\"}}");
        assertThat(house.get("/workspaces/" + id).text("backend")).isEqualTo("flyio");
        assertThat(house.get("/workspaces/" + id).text("region")).isEqualTo("ams");
        assertThat(machine(id).region()).isEqualTo("ams");
        assertThat(house.get("/workspaces/" + id).text("instance"))
                .startsWith(machine(id).id() + "@");
        assertThat(answer(id, "hello from a machine")).contains("hello from a machine");
    }

    @Test
    void whereMachinesCanBeAndWhatTheyCostIsTold() throws Exception {
        var offered = house.get("/backends").body();
        var names = new ArrayList<String>();
        offered.forEach(one -> names.add(one.path("name").asText()));
        var flyio = offered.get(names.indexOf("flyio"));
        assertThat(flyio.path("standard").asBoolean()).isTrue();
        assertThat(flyio.path("regions").findValuesAsText("code"))
                .contains("ams", "ord", "syd")
                .hasSize(18);
        assertThat(flyio.path("prices").findValuesAsText("usd_per_hour"))
                .containsExactly("0.00269", "0.00443", "0.01581", "0.03161");
    }

    @Test
    void aSecretReachesItsMachineAndNoListing() throws Exception {
        var id = online("{\"name\":\"keeper\",\"secrets\":{\"API_KEY\":\"very hidden value\"}}");
        var other = online("{\"name\":\"neighbour\"}");
        assertThat(answer(id, "secret API_KEY")).contains("API_KEY has 17 characters");
        assertThat(answer(other, "secret API_KEY")).doesNotContain("has 17 characters");
        assertThat(fly.everythingListed()).doesNotContain("very hidden value");
    }

    @Test
    void whoSleepsKeepsItsMemoryAndIsWokenByAMessage() throws Exception {
        var id = online("{\"name\":\"sleeper\"}");
        var before = machine(id);
        assertThat(house.post("/workspaces/" + id + "/hibernate", "").status()).isEqualTo(200);
        await().atMost(Duration.ofSeconds(20)).until(() -> machine(id).state().equals("suspended"));
        var task = house.drop(id, "are you awake", "").path("id").asText();
        house.awaitTask(id, task, "completed");
        assertThat(machine(id).id()).isEqualTo(before.id());
        assertThat(machine(id).version()).isEqualTo(before.version());
        house.awaitStatus(id, "online");
    }

    @Test
    void aSnapshotThatIsLostIsAnotherBeginning() throws Exception {
        var id = online("{\"name\":\"forgetful\"}");
        house.post("/workspaces/" + id + "/hibernate", "");
        await().atMost(Duration.ofSeconds(20)).until(() -> machine(id).state().equals("suspended"));
        fly.emulator().faults().loseSnapshot(machine(id).id());
        house.awaitTask(id, house.drop(id, "who am I", "").path("id").asText(), "completed");
    }

    @Test
    void aRestartIsAnotherVersionOfTheSameMachine() throws Exception {
        var id = online("{\"name\":\"again\"}");
        var before = machine(id);
        house.post("/workspaces/" + id + "/restart", "");
        await().atMost(Duration.ofSeconds(20))
                .until(() -> !machine(id).version().equals(before.version())
                        && house.status(id).equals("online"));
        assertThat(machine(id).id()).isEqualTo(before.id());
        assertThat(answer(id, "still here")).contains("still here");
    }

    @Test
    void aWorkspaceThatIsRemovedLeavesNothing() throws Exception {
        var id = online("{\"name\":\"passing\",\"secrets\":{\"A\":\"b\"}}");
        var machine = machine(id).id();
        house.admin("DELETE", "/workspaces/" + id, "");
        await().atMost(Duration.ofSeconds(20))
                .until(() -> fly.emulator().machines().stream()
                                .noneMatch(one -> one.id().equals(machine))
                        && fly.emulator().secrets("agents").keySet().stream()
                                .noneMatch(name ->
                                        name.contains(id.replace("-", "").toUpperCase(java.util.Locale.ROOT))));
    }

    @Test
    void aMachineThatCrashesComesBack() throws Exception {
        var id = online("{\"name\":\"crashing\"}");
        fly.emulator().crash(machine(id).id(), 137, true);
        await().atMost(Duration.ofSeconds(20))
                .until(() -> house.get("/events/" + id + "?limit=50")
                        .body()
                        .toString()
                        .contains("out of memory"));
        await().atMost(Duration.ofSeconds(30)).until(() -> house.status(id).equals("online"));
        assertThat(answer(id, "back again")).contains("back again");
    }

    @Test
    void anAnswerThatIsLostMakesNoSecondMachine() throws Exception {
        fly.emulator().faults().add(Fault.cutAfter(Operation.CREATE_MACHINE, 1));
        var id = online("{\"name\":\"once\"}");
        assertThat(fly.emulator().machines().stream()
                        .filter(machine -> id.equals(machine.metadata().get("molecule_workspace"))))
                .hasSize(1);
    }

    @Test
    void aRegionThatIsFullGivesWayToTheNextOfTheList() throws Exception {
        fly.emulator().faults().room("gru", 0);
        var id = online("{\"name\":\"southern\",\"metadata\":{\"region\":\"gru,jnb\"}}");
        assertThat(house.get("/workspaces/" + id).text("region")).isEqualTo("jnb");
        var none = house.create("{\"name\":\"nowhere\",\"metadata\":{\"region\":\"gru\"}}");
        await().atMost(Duration.ofSeconds(10))
                .until(() ->
                        house.get("/workspaces/" + none).text("status_reason").contains("no capacity"));
        house.admin("DELETE", "/workspaces/" + none, "");
    }

    @Test
    void machinesAndProcessesTalkInOneOrganisation() throws Exception {
        var here = online("{\"name\":\"here\",\"backend\":\"process\"}");
        var there = online("{\"name\":\"there\"}");
        assertThat(answer(here, "ask " + there + " over to you")).contains("over to you");
        assertThat(answer(there, "ask " + here + " and back")).contains("and back");
    }

    @Test
    void aWorkspaceMovesThereAndBackWithEverythingThatIsItsOwn() throws Exception {
        var id = online("{\"name\":\"mover\",\"backend\":\"process\",\"secrets\":{\"KEY\":\"12345\"}}");
        house.admin("PATCH", "/workspaces/" + id, "{\"x\":321,\"y\":123}");
        house.say(id, TestHouse.ADMIN_TOKEN, "before");
        assertThat(house.admin("PATCH", "/workspaces/" + id, "{\"backend\":\"flyio\"}")
                        .status())
                .isEqualTo(200);
        var task = house.drop(id, "secret KEY", "").path("id").asText();
        house.awaitTask(id, task, "completed");
        var there = house.get("/workspaces/" + id);
        assertThat(there.text("backend")).isEqualTo("flyio");
        assertThat(there.text("instance")).startsWith(machine(id).id() + "@");
        assertThat(there.body().path("x").asInt()).isEqualTo(321);
        assertThat(house.task(id, task).toString()).contains("KEY has 5 characters");
        assertThat(house.admin("PATCH", "/workspaces/" + id, "{\"backend\":\"process\"}")
                        .status())
                .isEqualTo(200);
        var back = house.drop(id, "home again", "").path("id").asText();
        house.awaitTask(id, back, "completed");
        assertThat(fly.emulator().machines())
                .noneMatch(machine -> id.equals(machine.metadata().get("molecule_workspace")));
        assertThat(house.admin("PATCH", "/workspaces/" + id, "{\"backend\":\"elsewhere\"}")
                        .text("code"))
                .isEqualTo("backend_not_available");
    }

    @Test
    void aPlatformThatStartsAgainFindsItsMachines() throws Exception {
        try (var other = TestHouse.open(fly.variables("flyio"))) {
            var id = other.create("{\"name\":\"patient\"}");
            other.awaitStatus(id, "online");
            var before = machine(id);
            other.restart();
            await().atMost(Duration.ofSeconds(20)).until(() -> other.status(id).equals("online"));
            assertThat(machine(id)).isEqualTo(before);
            other.admin("DELETE", "/workspaces/" + id, "");
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> fly.emulator().machines().stream()
                            .noneMatch(one -> one.id().equals(before.id())));
        }
    }
}
