package ai.molecule.platform.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.platform.workspace.Workspace;
import ai.molecule.protocol.TaskState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The lives of messages and tasks under random steps of callers, agents, people and dying processes: after
/// every step all that must hold at any time holds, and in the end everything is done.
class MailboxLifeTest {

    /// Seeds that once found something; they are tried for ever.
    private static final long[] KEPT = {1, 7, 42};

    private static final int STEPS = 250;

    static Stream<Long> seeds() {
        var fresh = new Random().longs(2);
        return Stream.concat(LongStream.of(KEPT).boxed(), fresh.boxed());
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everythingThatIsAcceptedEndsOnce(long seed) {
        System.out.println("MailboxLifeTest: seed " + seed);
        try (var walk = new Walk(seed)) {
            for (int step = 0; step < STEPS; step++) {
                walk.step();
            }
            walk.finish();
        }
    }

    private static final class Walk implements AutoCloseable {

        private final TestLedger test =
                new TestLedger(new MailboxLimits(30, 100_000, Duration.ofHours(10), Duration.ofSeconds(60), 3));
        private final Random random;
        private final List<Workspace> targets = new ArrayList<>();
        private final List<Owner> owners = new ArrayList<>();
        private final Map<UUID, TaskState> ended = new HashMap<>();
        private final List<Held> held = new ArrayList<>();
        private final List<Ledger> processes = new ArrayList<>();
        private int messages;

        private record Held(Ledger by, Lease lease) {}

        Walk(long seed) {
            random = new Random(seed);
            for (int i = 0; i < 3; i++) {
                targets.add(test.online("target " + i, 1 + i));
            }
            owners.add(Owner.OPERATOR);
            owners.add(Owner.of(test.rooms.createExternal("caller").id()));
            processes.add(test.ledger);
            processes.add(test.another());
        }

        void step() {
            switch (random.nextInt(12)) {
                case 0, 1, 2, 3 -> accept();
                case 4, 5 -> lease();
                case 6 -> acknowledge();
                case 7 -> end();
                case 8 -> putBack();
                case 9 -> cancel();
                case 10 -> target();
                case 11 -> process();
                default -> throw new IllegalStateException("Expected a step");
            }
            assertThat(test.faults()).isEmpty();
            ended.forEach((task, state) ->
                    assertThat(test.ledger.find(task).orElseThrow().state()).isEqualTo(state));
        }

        private <T> T any(List<T> list) {
            return list.get(random.nextInt(list.size()));
        }

        private void accept() {
            var owner = any(owners);
            var repeated = messages > 0 && random.nextInt(5) == 0;
            var message = "m" + (repeated ? random.nextInt(messages) : messages++);
            var context = owner.value() + "/" + random.nextInt(3);
            var by = any(processes);
            if (by.accept(test.submission(any(targets), owner, context, message)) instanceof Accepted.Leased leased) {
                held.add(new Held(by, leased.lease()));
            }
        }

        private void lease() {
            var by = any(processes);
            by.lease(any(targets).id()).forEach(lease -> held.add(new Held(by, lease)));
        }

        private void acknowledge() {
            if (!held.isEmpty()) {
                var one = any(held);
                one.by().append(test.entry(one.lease(), TaskState.WORKING, null));
            }
        }

        private void end() {
            if (!held.isEmpty()) {
                var one = held.remove(random.nextInt(held.size()));
                var state = random.nextBoolean() ? TaskState.COMPLETED : TaskState.FAILED;
                var end = state == TaskState.COMPLETED ? Entry.End.done() : Entry.End.dead("it failed");
                one.by()
                        .append(test.entry(one.lease(), state, end))
                        .filter(written -> !written.ended())
                        .ifPresent(written -> ended.put(one.lease().task(), state));
            }
        }

        private void putBack() {
            if (!held.isEmpty()) {
                var one = held.remove(random.nextInt(held.size()));
                var again = test.rooms.clock.instant().plus(Duration.ofSeconds(random.nextInt(5)));
                one.by()
                        .append(test.entry(
                                one.lease(),
                                TaskState.SUBMITTED,
                                new Entry.End("queued", "lost", again, 1, random.nextBoolean())));
                test.rooms.clock.turn(Duration.ofSeconds(random.nextInt(3)));
            }
        }

        /// Cancels something that waits, as its caller does.
        private void cancel() {
            var waiting = test.rooms.database.query(
                    "select task_id, id, lease from deliveries where phase = 'queued' order by id",
                    row -> Map.entry(
                            row.uuid("task_id"), new Entry.Hold(row.number("id"), "queued", row.count("lease"))));
            if (!waiting.isEmpty()) {
                var one = any(waiting);
                test.ledger
                        .append(new Entry(
                                one.getKey(),
                                test.ledger.find(one.getKey()).orElseThrow().target(),
                                0,
                                one.getValue(),
                                List.of(TestLedger.event(one.getKey(), TaskState.CANCELED)),
                                "canceled",
                                Entry.Named.UNKNOWN,
                                null,
                                Entry.End.canceled()))
                        .filter(written -> !written.ended())
                        .ifPresent(written -> ended.put(one.getKey(), TaskState.CANCELED));
            }
        }

        /// A person pauses or resumes a target; its agent comes back.
        private void target() {
            var target = any(targets);
            if (test.rooms.status(target).equals("paused")) {
                test.rooms.workspaces.resume(target.id());
                test.register(target);
            } else if (random.nextInt(3) == 0) {
                test.rooms.workspaces.pause(target.id());
            } else {
                test.register(target);
            }
        }

        /// A process dies with all it holds; another takes over.
        private void process() {
            if (random.nextInt(3) == 0) {
                var dead = processes.removeLast();
                dead.close();
                held.removeIf(one -> one.by() == dead);
                processes.add(test.another());
            }
            var by = any(processes);
            by.takeOver(heldBy(by)).forEach(lease -> held.add(new Held(by, lease)));
        }

        private List<Long> heldBy(Ledger process) {
            return held.stream()
                    .filter(one -> one.by() == process)
                    .map(one -> one.lease().delivery())
                    .toList();
        }

        /// Lets everything come to its end.
        void finish() {
            targets.stream()
                    .filter(target -> test.rooms.status(target).equals("paused"))
                    .forEach(target -> test.rooms.workspaces.resume(target.id()));
            targets.forEach(test::register);
            for (int rounds = 0; rounds < 1000 && open() > 0; rounds++) {
                test.rooms.clock.turn(Duration.ofSeconds(10));
                for (var target : targets) {
                    test.ledger.lease(target.id()).forEach(lease -> held.add(new Held(test.ledger, lease)));
                }
                test.ledger.takeOver(heldBy(test.ledger)).forEach(lease -> held.add(new Held(test.ledger, lease)));
                held.forEach(one -> one.by().append(test.entry(one.lease(), TaskState.COMPLETED, Entry.End.done())));
                held.clear();
            }
            assertThat(open()).isZero();
            assertThat(test.faults()).isEmpty();
        }

        private int open() {
            return test.rooms
                    .database
                    .first(
                            "select count(*) as open from deliveries where phase in ('queued', 'leased')",
                            row -> row.count("open"))
                    .orElseThrow();
        }

        @Override
        public void close() {
            processes.stream().skip(1).forEach(Ledger::close);
            test.close();
        }
    }
}
