package ai.molecule.platform.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ai.molecule.platform.TestRooms;
import ai.molecule.platform.access.Caller;
import ai.molecule.platform.journal.Event;
import ai.molecule.platform.workspace.Workspace;
import ai.molecule.protocol.Heartbeat;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.Registration;
import java.time.Duration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RegistryTest {

    private final TestRooms rooms = new TestRooms();
    private final Silence silence = new Silence(rooms.lives, rooms.database, rooms.clock);

    @AfterEach
    void close() {
        rooms.close();
    }

    private static void assertRefused(Reason reason, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        Refusal.class, refusal -> assertThat(refusal.reason()).isEqualTo(reason));
    }

    private static Heartbeat beat(Workspace workspace, @Nullable Long epoch, double errorRate, int tasks) {
        return new Heartbeat(workspace.id(), epoch, errorRate, "oops", tasks, tasks > 0 ? "reading" : "", 10, false);
    }

    private void hear(String token, Heartbeat heartbeat) {
        rooms.heartbeats.hear(rooms.access.identify(token), heartbeat);
    }

    private Registry.Registered register(String bearer, Workspace workspace) {
        return rooms.registry.register(
                rooms.access.identify(bearer), bearer, new Registration(workspace.id(), "", Json.object()));
    }

    @Test
    void anEnrolmentRegistersOnce() {
        var made = rooms.createExternal("ci");
        var enrolment = rooms.access.newEnrolment(made.id()).token().reveal();
        var registered = register(enrolment, made);
        assertThat(registered.authToken()).startsWith("mol_agt_");
        assertThat(rooms.status(made)).isEqualTo("online");
        await().untilAsserted(() -> assertRefused(Reason.INVALID_TOKEN, () -> register(enrolment, made)));
    }

    @Test
    void anEnrolmentIsForOneWorkspaceAndForADay() {
        var made = rooms.createExternal("ci");
        var other = rooms.createExternal("other");
        var enrolment = rooms.access.newEnrolment(made.id()).token().reveal();
        assertRefused(Reason.FORBIDDEN, () -> register(enrolment, other));
        rooms.clock.turn(Duration.ofHours(25));
        assertRefused(Reason.INVALID_TOKEN, () -> register(enrolment, made));
        assertThat(rooms.status(made)).isEqualTo("awaiting_agent");
    }

    @Test
    void ofTwoThatUseAnEnrolmentAtOnceOneGetsIn() throws Exception {
        var made = rooms.createExternal("ci");
        var enrolment = rooms.access.newEnrolment(made.id()).token().reveal();
        var caller = rooms.access.identify(enrolment);
        var registration = new Registration(made.id(), "", Json.object());
        var in = new java.util.concurrent.atomic.AtomicInteger();
        try (var threads = java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 6; i++) {
                threads.execute(() -> {
                    try {
                        rooms.registry.register(caller, enrolment, registration);
                        in.incrementAndGet();
                    } catch (Refusal tooLate) {
                        assertThat(tooLate.reason()).isEqualTo(Reason.INVALID_TOKEN);
                    }
                });
            }
        }
        assertThat(in).hasValue(1);
    }

    @Test
    void theTokenIsGivenOnceAndEveryRegistrationIsANewEpoch() {
        var made = rooms.createExternal("ci");
        var token = rooms.register(made);
        var again = register(token, made);
        assertThat(again.authToken()).isNull();
        assertThat(again.workspace().guest().epoch()).isEqualTo(2);
    }

    @Test
    void anOlderEpochIsToldSo() {
        var made = rooms.createExternal("ci");
        var token = rooms.register(made);
        hear(token, beat(made, 1L, 0, 0));
        register(token, made);
        await().untilAsserted(() -> assertRefused(Reason.SUPERSEDED, () -> hear(token, beat(made, 1L, 0, 0))));
        hear(token, beat(made, 2L, 0, 0));
    }

    @Test
    void aTokenThatWasReplacedSaysSo() {
        var made = rooms.createExternal("ci");
        var first = rooms.register(made);
        var second = rooms.register(made);
        await().untilAsserted(() -> assertRefused(Reason.SUPERSEDED, () -> rooms.access.identify(first)));
        assertThat(rooms.access.identify(second)).isInstanceOf(Caller.Agent.class);
    }

    @Test
    void nobodyBeatsForAnother() {
        var mine = rooms.createExternal("mine");
        var theirs = rooms.createExternal("theirs");
        var token = rooms.register(mine);
        assertRefused(Reason.FORBIDDEN, () -> hear(token, beat(theirs, null, 0, 0)));
    }

    @Test
    void pausedAndRemovedWorkspacesCannotBeRegistered() {
        var made = rooms.createExternal("ci");
        var token = rooms.register(made);
        rooms.workspaces.pause(made.id());
        assertRefused(Reason.ILLEGAL_TRANSITION, () -> register(token, made));
        rooms.workspaces.remove(made.id(), false, false);
        assertRefused(Reason.WORKSPACE_REMOVED, () -> register(TestRooms.ADMIN_TOKEN, made));
    }

    @Test
    void aBeatCostsNoStatementUntilAllAreFlushedTogether() {
        var made = rooms.createExternal("ci");
        var token = rooms.register(made);
        hear(token, beat(made, null, 0, 0));
        var before = statements();
        for (int i = 0; i < 1000; i++) {
            hear(token, beat(made, null, 0, i % 2));
        }
        assertThat(statements() - before).isLessThan(10);
        rooms.heartbeats.flush();
        var sighting = rooms.workspaces.sight(made.id());
        assertThat(sighting.presence().lastHeartbeat()).isEqualTo(rooms.clock.instant());
        assertThat(sighting.presence().activeTasks()).isEqualTo(1);
    }

    private long statements() {
        return rooms.database
                .query(
                        "select sum(xact_commit) as n from pg_stat_database where datname = current_database()",
                        row -> row.number("n"))
                .getFirst();
    }

    @Test
    void errorsDegradeAndHealthRecovers() {
        var made = rooms.createExternal("ci");
        var token = rooms.register(made);
        hear(token, beat(made, null, 0.6, 0));
        rooms.heartbeats.flush();
        assertThat(rooms.status(made)).isEqualTo("degraded");
        hear(token, beat(made, null, 0.3, 0));
        rooms.heartbeats.flush();
        assertThat(rooms.status(made)).isEqualTo("degraded");
        hear(token, beat(made, null, 0.05, 0));
        rooms.heartbeats.flush();
        assertThat(rooms.status(made)).isEqualTo("online");
    }

    @Test
    void aChangedTaskIsAFactAndARepeatedOneIsNone() {
        var made = rooms.createExternal("ci");
        var token = rooms.register(made);
        for (int i = 0; i < 3; i++) {
            hear(token, beat(made, null, 0, 1));
            rooms.heartbeats.flush();
        }
        assertThat(rooms.journal.about(made.id(), 10).stream().filter(fact -> fact.event() == Event.TASK_UPDATED))
                .hasSize(1);
    }

    private void watch(Silence silence, int seconds) {
        for (int i = 0; i < seconds; i++) {
            rooms.clock.turn(Duration.ofSeconds(1));
            silence.look();
        }
    }

    @Test
    void threeMissedBeatsAreSilence() {
        var made = rooms.createExternal("ci");
        var token = rooms.register(made);
        watch(silence, 60);
        hear(token, beat(made, null, 0, 0));
        rooms.heartbeats.flush();
        watch(silence, 90);
        assertThat(rooms.status(made)).isEqualTo("online");
        watch(silence, 1);
        assertThat(rooms.status(made)).isEqualTo("offline");
        rooms.clock.turn(Duration.ofSeconds(1));
        hear(token, beat(made, null, 0, 0));
        rooms.heartbeats.flush();
        assertThat(rooms.status(made)).isEqualTo("online");
    }

    @Test
    void afterARestartEverybodyGetsOneFullPatience() {
        var made = rooms.createExternal("ci");
        rooms.register(made);
        rooms.clock.turn(Duration.ofHours(1));
        var restarted = new Silence(rooms.lives, rooms.database, rooms.clock);
        watch(restarted, 89);
        assertThat(rooms.status(made)).isEqualTo("online");
        watch(restarted, 1);
        assertThat(rooms.status(made)).isEqualTo("offline");
    }

    @Test
    void afterAPauseOfTheMachineEverybodyGetsOneFullPatienceToo() {
        var made = rooms.createExternal("ci");
        rooms.register(made);
        watch(silence, 5);
        rooms.clock.turn(Duration.ofHours(8));
        silence.look();
        assertThat(rooms.status(made)).isEqualTo("online");
        watch(silence, 90);
        assertThat(rooms.status(made)).isEqualTo("offline");
    }

    @Test
    void aTokenThatIsNoneIsRefusedWithoutADatabase() {
        rooms.database.close();
        assertRefused(Reason.INVALID_TOKEN, () -> rooms.access.identify("mol_agt_" + "a".repeat(49)));
        assertRefused(Reason.INVALID_TOKEN, () -> rooms.access.identify("guess"));
    }
}
