package ai.molecule.platform.workspace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.awaitility.Awaitility.await;

import ai.molecule.platform.TestRooms;
import ai.molecule.platform.backend.AgentRuntime;
import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.News;
import ai.molecule.platform.backend.Size;
import ai.molecule.platform.backend.StartOrder;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ProvisionerTest {

    private final TestRooms rooms = new TestRooms();
    private final InstanceStore instances = new InstanceStore(rooms.database);

    @AfterEach
    void close() {
        rooms.close();
    }

    private void settle(String what, java.util.concurrent.Callable<Boolean> until) {
        await(what).atMost(Duration.ofSeconds(10)).until(() -> {
            rooms.provisioner.round();
            return until.call();
        });
    }

    private Workspace started(String name) {
        var made = rooms.create(name);
        settle(
                "it runs",
                () -> instances
                        .find(made.id())
                        .filter(one -> one.phase() == Instance.Phase.RUNNING)
                        .isPresent());
        return made;
    }

    @Test
    void aWantedAgentIsStartedOnce() {
        var made = started("one");
        rooms.provisioner.round();
        rooms.provisioner.round();
        assertThat(rooms.backend.orders()).hasSize(1).first().satisfies(order -> {
            assertThat(order.workspace()).isEqualTo(made.id());
            assertThat(order.size()).isEqualTo(new Size(512, 1));
            assertThat(order.enrolment()).startsWith("mol_enr_");
        });
    }

    @Test
    void whoeverFetchesNoConfigurationFindsItAsFiles() {
        rooms.runtimes.put(new AgentRuntime("reviewer", "test/reviewer", 8000, List.of(), 60, 1));
        var ours = started("ours");
        var theirs = rooms.create(Json.object().put("name", "theirs").put("runtime", "reviewer"));
        settle("it runs", () -> rooms.backend.runs(theirs.id()));
        assertThat(rooms.backend.orders())
                .extracting(StartOrder::workspace, StartOrder::configuration)
                .containsExactly(
                        tuple(ours.id(), Map.of()), tuple(theirs.id(), Map.of("config.yaml", "role: tests\n")));
    }

    @Test
    void aCrashBetweenIntentAndActIsPickedUp() {
        var made = rooms.create("one");
        instances.put(Instance.intended(made.id(), 1, "process", 0, rooms.clock.instant()), rooms.clock.instant());
        settle("it runs", () -> rooms.backend.runs(made.id()));
    }

    @Test
    void aCrashBetweenActAndOutcomeIsPickedUp() {
        var made = rooms.create("one");
        instances.put(Instance.intended(made.id(), 1, "process", 0, rooms.clock.instant()), rooms.clock.instant());
        rooms.backend.leaveOrphan(order(made.id()));
        settle(
                "the outcome is stored",
                () -> instances.find(made.id()).orElseThrow().phase() == Instance.Phase.RUNNING);
    }

    @Test
    void aBackendThatIsAwayIsWaitedForAndNothingIsConcluded() {
        rooms.backend.goAway(true);
        var made = rooms.create("waiting");
        settle(
                "it says what it waits for",
                () -> rooms.workspaces.require(made.id()).life().reason().equals("waiting for the process engine"));
        for (int i = 0; i < 20; i++) {
            rooms.provisioner.round();
        }
        assertThat(rooms.workspaces.require(made.id()).life().status()).isEqualTo("provisioning");
        rooms.backend.goAway(false);
        settle("it runs", () -> rooms.backend.runs(made.id()));
        assertThat(new InstanceStore(rooms.database)
                        .find(made.id())
                        .orElseThrow()
                        .deaths())
                .isZero();
    }

    @Test
    void imagesThatTakeLongHoldNobodyElseUp() {
        var slow = List.of("a", "b", "c", "d", "e").stream()
                .map(name -> rooms.create(name).id())
                .toList();
        rooms.backend.fetchSlowly(slow);
        rooms.provisioner.round();
        var quick = rooms.create("quick");
        settle("it runs", () -> rooms.backend.runs(quick.id()));
        assertThat(rooms.backend.orders()).hasSize(1);
        rooms.backend.fetchSlowly(List.of());
        settle("all run", () -> slow.stream().allMatch(rooms.backend::runs));
    }

    @Test
    void aRuntimeThatIsReadySoonerIsGivenUpSooner() {
        rooms.runtimes.put(new AgentRuntime("echo", "test/echo", 8000, List.of(), 5, 1));
        var made = started("late");
        rooms.clock.turn(Duration.ofSeconds(6));
        settle(
                "it is told to be late",
                () -> rooms.workspaces.require(made.id()).life().reason().contains("did not register within 5 s"));
    }

    @Test
    void whatAnAgentSaysBeforeItDiesIsToldWithoutItsSecrets() {
        var made = started("chatty");
        rooms.secrets.put(made.id(), "A_KEY", "sesame-open-wide");
        rooms.secrets.put(made.id(), "PEM", "-----BEGIN\nMIIEvQIBADANBg\n");
        rooms.secrets.put(made.id(), "PIN", "12");
        rooms.backend.kill(made.id(), "code 12; last lines: key=sesame-open-wide! | MIIEvQIBADANBg");
        assertThat(rooms.workspaces.require(made.id()).life().reason())
                .isEqualTo("code 12; last lines: key=***! | ***");
    }

    @Test
    void anAgentThatRunsAndStaysSilentIsReplaced() {
        rooms.clock.turn(Duration.ofMinutes(1));
        var made = started("hung");
        rooms.lives.change(made.id(), found -> found.with(found.life().registered(rooms.clock.instant())));
        rooms.lives.change(made.id(), found -> found.with(found.life().silent("not heard", rooms.clock.instant())));
        rooms.clock.turn(Duration.ofSeconds(29));
        rooms.provisioner.round();
        assertThat(rooms.workspaces.require(made.id()).life().status()).isEqualTo("offline");
        rooms.clock.turn(Duration.ofSeconds(2));
        settle("another runs", () -> rooms.backend.orders().size() == 2);
        assertThat(rooms.backend.orders().getLast().generation()).isEqualTo(2);
        assertThat(rooms.workspaces.require(made.id()).life().status()).isEqualTo("provisioning");
    }

    @Test
    void stepsAndHealthShowInALife() {
        var made = rooms.create("checked");
        rooms.deaths.attend(rooms.backend, rooms.spares, () -> {});
        rooms.backend.tell(new News.Step(made.id(), 1, "pulling 40 %"));
        assertThat(rooms.workspaces.require(made.id()).life().reason()).isEqualTo("pulling 40 %");
        rooms.backend.tell(new News.Step(made.id(), 7, "of another start"));
        assertThat(rooms.workspaces.require(made.id()).life().reason()).isEqualTo("pulling 40 %");
        rooms.lives.change(made.id(), found -> found.with(found.life().registered(rooms.clock.instant())));
        rooms.backend.tell(new News.Health(made.id(), 1, false, "no answer"));
        var sick = rooms.workspaces.require(made.id()).life();
        assertThat(sick.status() + ": " + sick.reason()).isEqualTo("degraded: unhealthy: no answer");
        assertThat(sick.beaten(0, false, "", rooms.clock.instant())).isEqualTo(sick);
        rooms.backend.tell(new News.Health(made.id(), 1, true, ""));
        assertThat(rooms.workspaces.require(made.id()).life().status()).isEqualTo("online");
    }

    private static StartOrder order(WorkspaceId id) {
        return new StartOrder(
                id,
                1,
                new ai.molecule.platform.backend.AgentRuntime("echo", "", 8000, java.util.List.of(), 60, 1),
                new Size(512, 1),
                ai.molecule.platform.backend.HostAccess.NONE,
                "",
                URI.create("http://127.0.0.1/"),
                "x",
                Map.of());
    }

    @Test
    void anAgentThatNoRowKnowsIsStopped() throws BackendException {
        var orphan = WorkspaceId.random();
        rooms.backend.leaveOrphan(order(orphan));
        rooms.provisioner.takeStock("ended with the platform");
        assertThat(rooms.backend.runs(orphan)).isFalse();
    }

    @Test
    void whatEndedWithThePlatformIsStartedAgainAtOnce() throws BackendException {
        var made = started("one");
        rooms.register(made);
        rooms.backend.close();
        rooms.provisioner.takeStock("ended with the platform");
        assertThat(rooms.status(made)).isEqualTo("offline");
        settle("it runs again", () -> rooms.backend.runs(made.id()));
        assertThat(rooms.workspaces.require(made.id()).generation()).isEqualTo(2);
    }

    @Test
    void aDeathThatNobodyToldIsFoundByTakingStock() throws BackendException {
        var made = started("one");
        rooms.register(made);
        rooms.backend.vanish(made.id());
        rooms.provisioner.takeStock("its backend does not see it any more");
        assertThat(rooms.status(made)).isEqualTo("offline");
        settle("it runs again", () -> rooms.backend.runs(made.id()));
    }

    @Test
    void anAgentThatRegisteredBeforeItsOutcomeWasStoredIsNotLost() throws BackendException {
        var made = started("one");
        rooms.register(made);
        var stored = instances.find(made.id()).orElseThrow();
        instances.put(Instance.intended(made.id(), 1, "process", 0, stored.notBefore()), rooms.clock.instant());
        rooms.provisioner.takeStock("ended with the platform");
        settle(
                "the outcome is stored",
                () -> instances.find(made.id()).orElseThrow().phase() == Instance.Phase.RUNNING);
        assertThat(rooms.status(made)).isEqualTo("online");
    }

    @Test
    void aDeadAgentIsOfflineAtOnceAndStartedAgainAfterAPause() {
        var made = started("one");
        rooms.register(made);
        rooms.backend.kill(made.id());
        assertThat(rooms.workspaces.require(made.id()).life())
                .isEqualTo(new Life.Offline(rooms.clock.instant(), "killed"));
        rooms.provisioner.round();
        assertThat(rooms.backend.runs(made.id())).isFalse();
        rooms.clock.turn(Duration.ofSeconds(1));
        settle("it runs again", () -> rooms.backend.runs(made.id()));
        assertThat(rooms.status(made)).isEqualTo("provisioning");
    }

    @Test
    void anAgentThatKeepsDyingIsGivenUp() {
        var made = started("one");
        for (int i = 0; i < Deaths.DEATHS_MAX; i++) {
            var deaths = i;
            settle(
                    "it runs",
                    () -> instances
                            .find(made.id())
                            .filter(one -> one.phase() == Instance.Phase.RUNNING && one.deaths() == deaths)
                            .isPresent());
            rooms.backend.kill(made.id());
            rooms.clock.turn(Duration.ofMinutes(1));
        }
        var life = rooms.workspaces.require(made.id()).life();
        assertThat(life.status()).isEqualTo("failed");
        assertThat(life.reason()).contains("6 times in a row").contains("killed");
    }

    @Test
    void aBackendThatCannotStartItIsTriedAgainAndThenGivenUp() {
        rooms.backend.refuse("no room left");
        var made = rooms.create("one");
        settle("it is given up", () -> {
            rooms.clock.turn(Duration.ofSeconds(31));
            return rooms.status(made).equals("failed");
        });
        assertThat(rooms.workspaces.require(made.id()).life().reason()).contains("no room left");
        rooms.backend.refuse("");
        rooms.workspaces.restart(made.id());
        settle("a person's restart helps", () -> rooms.backend.runs(made.id()));
    }

    @Test
    void anAgentThatDoesNotRegisterInTimeIsStoppedAndTriedAgain() {
        var made = started("mute");
        rooms.clock.turn(Duration.ofSeconds(61));
        settle("it is tried again", () -> rooms.backend.orders().size() == 2 || turn());
        assertThat(rooms.backend.orders().getLast().generation()).isEqualTo(2);
        assertThat(rooms.workspaces.require(made.id()).generation()).isEqualTo(2);
    }

    private boolean turn() {
        rooms.clock.turn(Duration.ofSeconds(1));
        return false;
    }

    @Test
    void pausedRemovedAndRestartedAgentsAreStopped() {
        var made = started("one");
        rooms.workspaces.pause(made.id());
        settle(
                "it is stopped",
                () -> !rooms.backend.runs(made.id())
                        && instances.find(made.id()).isEmpty());
        rooms.workspaces.resume(made.id());
        settle("it runs", () -> rooms.backend.runs(made.id()));
        rooms.workspaces.restart(made.id());
        settle("another one runs", () -> rooms.backend.orders().getLast().generation() == 3);
        rooms.workspaces.remove(made.id(), false, false);
        settle(
                "it is gone",
                () -> !rooms.backend.runs(made.id())
                        && instances.find(made.id()).isEmpty());
    }
}
