package ai.molecule.platform.backend.flyio;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.fly.Fault;
import ai.molecule.fly.FlyEmulator;
import ai.molecule.fly.Operation;
import ai.molecule.platform.backend.AgentRuntime;
import ai.molecule.platform.backend.Backend;
import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.HostAccess;
import ai.molecule.platform.backend.Size;
import ai.molecule.platform.backend.StartOrder;
import ai.molecule.protocol.WorkspaceId;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;

/// Every error that is known of, at every call of a workspace's whole life; also answers that are lost, and a
/// platform that ends with them. Whatever happens there is never a second machine, what is ordered comes to be
/// when it is ordered again, and nothing is left in the end.
class FlyFaultsTest {

    private static final int AT_ONCE = 64;
    private static final int TRIES = 8;

    private static final List<Operation> CALLED = List.of(
            Operation.LIST_MACHINES,
            Operation.CREATE_MACHINE,
            Operation.GET_MACHINE,
            Operation.UPDATE_MACHINE,
            Operation.START_MACHINE,
            Operation.STOP_MACHINE,
            Operation.SUSPEND_MACHINE,
            Operation.WAIT_MACHINE,
            Operation.DESTROY_MACHINE,
            Operation.SET_METADATA_KEY,
            Operation.LIST_VOLUMES,
            Operation.CREATE_VOLUME,
            Operation.DELETE_VOLUME,
            Operation.UPDATE_SECRETS);

    /// A way to go wrong.
    private record Wrong(String name, Fault fault, boolean platformEnds) {}

    private static List<Wrong> wrongs(Operation operation) {
        var wrongs = new ArrayList<Wrong>();
        for (var answer : Map.of(
                        "401", "{\"error\":\"Authenticate: token validation error\"}",
                        "403", "{\"error\":\"unauthorized\"}",
                        "404", "{\"error\":\"not_found: machine not found\"}",
                        "408", "{\"error\":\"deadline_exceeded: no answer\"}",
                        "409", "{\"error\":\"aborted: machine update failed due to concurrent update\"}",
                        "412", "{\"error\":\"failed_precondition: machine still active, refusing to start\"}",
                        "422", "{\"error\":\"could not find a candidate host\",\"status\":\"insufficient_capacity\"}",
                        "429", "",
                        "500", "{\"error\":\"unknown: oops\"}",
                        "503", "upstream connect error")
                .entrySet()) {
            var status = Integer.parseInt(answer.getKey());
            if (status == 404 && operation == Operation.DELETE_VOLUME) {
                // Nothing but Fly's word says that a volume is gone.
                continue;
            }
            wrongs.add(new Wrong(answer.getKey(), Fault.refuse(operation, 1, status, answer.getValue()), false));
        }
        var full = "{\"error\":\"aborted: could not reserve resource for machine: insufficient memory available\"}";
        wrongs.add(new Wrong("host full", Fault.refuse(operation, 1, 409, full), false));
        var leased =
                "{\"error\":\"machine ID e1 lease currently held by me@tokens.fly.io, expires at 2026-11-24T00:00:00Z\"}";
        wrongs.add(new Wrong("leased", Fault.refuse(operation, 1, 409, leased), false));
        wrongs.add(new Wrong(
                "408 after it happened",
                Fault.refuseAfter(operation, 1, 408, "{\"error\":\"deadline_exceeded\"}"),
                false));
        wrongs.add(new Wrong("502 after it happened", Fault.refuseAfter(operation, 2, 502, "bad gateway"), false));
        wrongs.add(new Wrong("cut", Fault.cut(operation, 1), false));
        wrongs.add(new Wrong("cut after it happened", Fault.cutAfter(operation, 1), false));
        wrongs.add(new Wrong("cut for long", Fault.cut(operation, 6), false));
        wrongs.add(new Wrong("cut, and the platform ends", Fault.cut(operation, 5), true));
        wrongs.add(new Wrong("cut after it happened, and the platform ends", Fault.cutAfter(operation, 5), true));
        return wrongs;
    }

    @Test
    void noErrorAnywhereMakesASecondMachineOrLeavesOne() throws Exception {
        var turns = new Semaphore(AT_ONCE);
        var cases = new ArrayList<Future<List<String>>>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var operation : CALLED) {
                for (var wrong : wrongs(operation)) {
                    cases.add(threads.submit(() -> {
                        turns.acquire();
                        try {
                            return new Story(operation + ": " + wrong.name(), wrong, FlyEmulator.Options.quick())
                                    .tell();
                        } finally {
                            turns.release();
                        }
                    }));
                }
            }
            var complaints = new ArrayList<String>();
            for (var one : cases) {
                complaints.addAll(one.get());
            }
            assertThat(complaints).as("%s cases", cases.size()).isEmpty();
            assertThat(cases)
                    .hasSize(CALLED.size() * wrongs(Operation.GET_MACHINE).size() - 1);
        }
    }

    @Test
    void whatTimeItIsAtFlyDoesNotMatter() throws Exception {
        var stories = new ArrayList<Future<List<String>>>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var skew : List.of(Duration.ofHours(-30), Duration.ofSeconds(-40), Duration.ofHours(30))) {
                var options = FlyEmulator.Options.quick()
                        .telling(() -> InstantSource.system().instant().plus(skew));
                for (var wrong : List.of(
                        new Wrong("lost answer", Fault.cutAfter(Operation.CREATE_MACHINE, 1), false),
                        new Wrong("the platform ends", Fault.cutAfter(Operation.UPDATE_MACHINE, 5), true))) {
                    stories.add(threads.submit(() -> new Story("wrong by " + skew, wrong, options).tell()));
                }
            }
            for (var story : stories) {
                assertThat(story.get()).isEmpty();
            }
        }
    }

    /// One workspace's whole life, in which one thing goes wrong.
    private static final class Story {

        private final String name;
        private final Wrong wrong;
        private final WorkspaceId id = WorkspaceId.random();
        private final UUID platform = UUID.randomUUID();
        private final List<String> complaints = new ArrayList<>();
        private final TestFly fly;
        private Backend backend;

        Story(String name, Wrong wrong, FlyEmulator.Options options) throws Exception {
            this.name = name;
            this.wrong = wrong;
            this.fly = TestFly.imaginary(options);
            this.backend = FlyBackend.open(fly.settings(platform));
        }

        List<String> tell() throws Exception {
            try (fly) {
                fly.emulator().faults().add(wrong.fault());
                step("start", () -> backend.start(order(1, "one")));
                expect("started after the first start", running());
                step("rest", () -> {
                    backend.rest(id);
                    return id;
                });
                expect("quiet after a rest", !running());
                step("wake", () -> backend.start(order(2, "one")));
                expect("started after it was woken", running());
                step("change", () -> backend.start(order(3, "two")));
                expect("started after a change", running());
                step("stop", () -> {
                    backend.stop(id);
                    return id;
                });
                expect("quiet after a stop", !running());
                step("start again", () -> backend.start(order(4, "two")));
                expect("started again", running());
                step("purge", () -> {
                    backend.purge(id, false);
                    return id;
                });
                step("sweep", () -> {
                    backend.sweep(any -> Backend.Claim.NOTHING);
                    return id;
                });
                expect("no machine is left", fly.emulator().machines().isEmpty());
                expect("no volume is left", fly.emulator().volumes() == 0);
                expect("no secret is left", fly.emulator().secrets("agents").isEmpty());
                backend.close();
            }
            return complaints;
        }

        private StartOrder order(long generation, String secret) {
            return new StartOrder(
                    id,
                    generation,
                    new AgentRuntime("echo", "registry.example/echo:1", 8000, List.of(), 60, 1),
                    new Size(512, 1),
                    HostAccess.NONE,
                    "ams,fra",
                    URI.create("https://molecule.example.com/"),
                    "an enrolment",
                    Map.of("A_SECRET", secret));
        }

        private boolean running() {
            return fly.emulator().machines().stream()
                    .anyMatch(machine -> machine.state().equals("started"));
        }

        private void expect(String what, boolean so) {
            if (!so) {
                complaints.add(name + ": not " + what + ": " + fly.emulator().machines());
            }
            if (fly.emulator().machines().size() > 1) {
                complaints.add(
                        name + ": more than one machine: " + fly.emulator().machines());
            }
        }

        /// Orders until it is done, as the platform would, which may end and begin again meanwhile.
        private void step(String what, Callable<?> order) throws Exception {
            for (var attempt = 1; ; attempt++) {
                try {
                    order.call();
                    return;
                } catch (BackendException failed) {
                    if (!String.valueOf(failed.getMessage()).contains("Fly")) {
                        complaints.add(name + ": " + what + " failed without a word about Fly: " + failed.getMessage());
                    }
                    if (attempt == TRIES) {
                        complaints.add(name + ": " + what + " never came to be: " + failed.getMessage());
                        return;
                    }
                    if (wrong.platformEnds()) {
                        backend.close();
                        fly.emulator().faults().clear();
                        backend = FlyBackend.open(fly.settings(platform));
                    }
                }
            }
        }
    }
}
