package ai.molecule.platform.backend.flyio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.fly.Fault;
import ai.molecule.fly.FlyEmulator;
import ai.molecule.fly.Operation;
import ai.molecule.fly.Timings;
import ai.molecule.platform.backend.AgentRuntime;
import ai.molecule.platform.backend.Backend;
import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.HostAccess;
import ai.molecule.platform.backend.News;
import ai.molecule.platform.backend.Running;
import ai.molecule.platform.backend.Size;
import ai.molecule.platform.backend.StartOrder;
import ai.molecule.protocol.WorkspaceId;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/// One listing of all machines tells who lives; what it leaves out, or tells too late, is not taken for the
/// truth.
@Execution(ExecutionMode.CONCURRENT)
class FlyListingTest {

    private static final int ALWAYS = 1_000_000;
    private static final Duration PATIENCE = Duration.ofSeconds(40);

    private final List<News> deaths = new CopyOnWriteArrayList<>();
    private TestFly fly;
    private Backend backend;
    private WorkspaceId id;

    @BeforeEach
    void open() throws Exception {
        fly = TestFly.imaginary(FlyEmulator.Options.quick());
        backend = FlyBackend.open(fly.settings(UUID.randomUUID()));
        backend.onNews(news -> {
            if (news instanceof News.Death) {
                deaths.add(news);
            }
        });
        id = WorkspaceId.random();
        backend.start(order(id));
    }

    @AfterEach
    void close() throws Exception {
        backend.close();
        fly.close();
    }

    private static StartOrder order(WorkspaceId workspace) {
        return new StartOrder(
                workspace,
                1,
                new AgentRuntime("echo", "registry.example/echo:1", 8000, List.of(), 60, 1),
                new Size(512, 1),
                HostAccess.NONE,
                "ams",
                URI.create("https://molecule.example.com/"),
                "an enrolment",
                Map.of());
    }

    private List<WorkspaceId> running() throws BackendException {
        return backend.list().stream().map(Running::workspace).toList();
    }

    private int asked(Operation operation) {
        return fly.emulator().calls().of(operation);
    }

    @Test
    void aListingThatLeavesAMachineOutIsCheckedAgainstTheMachineItself() throws Exception {
        fly.emulator().faults().add(Fault.refuse(Operation.LIST_MACHINES, ALWAYS, 200, "[]"));
        var asked = asked(Operation.GET_MACHINE);
        await().atMost(PATIENCE).until(() -> asked(Operation.GET_MACHINE) > asked + 1);
        assertThat(deaths).isEmpty();
        assertThat(running()).containsExactly(id);
        backend.sweep(any -> Backend.Claim.EVERYTHING);
        assertThat(fly.emulator().machines()).hasSize(1);
    }

    @Test
    void oneThatIsReallyGoneIsMissed() {
        fly.emulator().crash(fly.emulator().machines().getFirst().id(), 1, false);
        await().atMost(PATIENCE).until(() -> !deaths.isEmpty());
    }

    @Test
    void aListingThatIsNoListAndOneThatBreaksOffConcludeNothing() throws Exception {
        for (var body : List.of("{\"machines\":null}", "[{\"id\":\"e1")) {
            fly.emulator().faults().add(Fault.refuse(Operation.LIST_MACHINES, 1, 200, body));
        }
        var asked = asked(Operation.LIST_MACHINES);
        await().atMost(PATIENCE).until(() -> asked(Operation.LIST_MACHINES) > asked + 2);
        assertThat(deaths).isEmpty();
        assertThat(running()).containsExactly(id);
    }

    @Test
    void aTokenThatWasTakenBackIsNotTheEndOfTheMachines() throws Exception {
        var refused = "{\"error\":\"Authenticate: token validation error\"}";
        fly.emulator().faults().add(Fault.refuse(Operation.LIST_MACHINES, 1, 401, refused));
        fly.emulator().faults().add(Fault.refuse(Operation.GET_MACHINE, 1, 401, refused));
        var asked = asked(Operation.LIST_MACHINES);
        await().atMost(PATIENCE).until(() -> asked(Operation.LIST_MACHINES) > asked + 1);
        assertThat(deaths).isEmpty();
        assertThat(running()).containsExactly(id);
    }

    @Test
    void listsThatAreLateMakeNobodyDeadOrTwice() throws Exception {
        var late = new Timings(
                Timings.QUICK.create(),
                Timings.QUICK.start(),
                Timings.QUICK.resume(),
                Timings.QUICK.stop(),
                Timings.QUICK.suspend(),
                Timings.QUICK.destroy(),
                Timings.QUICK.settle(),
                Duration.ofSeconds(4));
        try (var slow = TestFly.imaginary(FlyEmulator.Options.quick().paced(late));
                var other = FlyBackend.open(slow.settings(UUID.randomUUID()))) {
            other.onNews(news -> {
                if (news instanceof News.Death) {
                    deaths.add(news);
                }
            });
            for (var turn = 0; turn < 3; turn++) {
                other.start(order(id));
                assertThat(other.list()).hasSize(1);
                other.rest(id);
                assertThat(other.list()).isEmpty();
            }
            other.start(order(id));
            var asked = slow.emulator().calls().of(Operation.LIST_MACHINES);
            await().atMost(PATIENCE).until(() -> slow.emulator().calls().of(Operation.LIST_MACHINES) > asked + 2);
            assertThat(other.list()).hasSize(1);
            assertThat(slow.emulator().machines()).hasSize(1);
            assertThat(deaths).isEmpty();
        }
    }

    /// A burst costs one call each, and the listing none for each workspace.
    @Test
    void aBurstStaysWithinTheRateLimits() throws Exception {
        try (var strict = TestFly.imaginary(FlyEmulator.Options.quick().limitedAsFly());
                var other = FlyBackend.open(strict.settings(UUID.randomUUID()));
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            other.onNews(news -> {});
            var many = 12;
            var starts = new ArrayList<Future<?>>();
            for (var i = 0; i < many; i++) {
                starts.add(threads.submit(() -> other.start(order(WorkspaceId.random()))));
            }
            for (var start : starts) {
                start.get();
            }
            assertThat(strict.emulator().machines()).hasSize(many);
            assertThat(strict.emulator().calls().limited()).isZero();
            assertThat(strict.emulator().calls().of(Operation.CREATE_MACHINE)).isEqualTo(many);
            assertThat(strict.emulator().calls().of(Operation.LIST_MACHINES)).isLessThan(many * 2);
        }
    }
}
