package ai.molecule.platform.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.platform.workspace.Workspace;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.TaskState;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LedgerTest {

    private final TestLedger test = new TestLedger(TestLedger.SMALL);
    private final Ledger ledger = test.ledger;

    @AfterEach
    void close() {
        assertThat(test.faults()).isEmpty();
        test.close();
    }

    private static Lease leased(Accepted accepted) {
        return ((Accepted.Leased) accepted).lease();
    }

    private List<String> texts(Workspace target) {
        return ledger.lease(target.id()).stream()
                .map(lease -> lease.request().path("text").asText())
                .toList();
    }

    @Test
    void anAgentThatIsThereGetsAMessageAtOnce() {
        var there = test.online("there", 1);
        assertThat(test.accept(there, "c", "m")).isInstanceOf(Accepted.Leased.class);
    }

    @Test
    void anAgentThatWasNeverSeenKeepsItsMail() {
        var unseen = test.unseen("unseen", 1);
        assertThat(test.accept(unseen, "c", "m")).isInstanceOf(Accepted.Queued.class);
        assertThat(ledger.lease(unseen.id())).isEmpty();
        test.register(unseen);
        assertThat(ledger.waitingTargets()).containsExactly(unseen.id());
        assertThat(texts(unseen)).containsExactly("m");
    }

    @Test
    void theSameMessageIsTakenOnce() {
        var there = test.online("there", 5);
        var first = leased(test.accept(there, "c", "m"));
        assertThat(test.accept(there, "c", "m")).isEqualTo(new Accepted.Repeated(first.task(), 1));
        var other = test.rooms.createExternal("other");
        assertThat(ledger.accept(test.submission(there, Owner.of(other.id()), "theirs", "m")))
                .isInstanceOf(Accepted.Leased.class);
    }

    @Test
    void aBusyAgentGetsNoMoreThanItsSlots() {
        var busy = test.online("busy", 2);
        var first = leased(test.accept(busy, "a", "1"));
        test.accept(busy, "b", "2");
        test.accept(busy, "c", "3");
        assertThat(texts(busy)).isEmpty();
        test.complete(first);
        assertThat(texts(busy)).containsExactly("3");
    }

    @Test
    void messagesOfOneContextGoOneAfterTheOtherAndOthersPass() {
        var there = test.online("there", 5);
        var first = leased(test.accept(there, "a", "1"));
        test.accept(there, "a", "2");
        test.accept(there, "a", "3");
        assertThat(test.accept(there, "b", "4")).isInstanceOf(Accepted.Leased.class);
        assertThat(texts(there)).isEmpty();
        test.acknowledge(first);
        assertThat(texts(there)).containsExactly("2");
        assertThat(texts(there)).isEmpty();
    }

    @Test
    void whatIsPutBackGoesFirstInItsContextOnceItsPauseIsOver() {
        var there = test.online("there", 5);
        var first = leased(test.accept(there, "a", "1"));
        test.accept(there, "a", "2");
        test.putBack(first, Duration.ofSeconds(10));
        assertThat(texts(there)).isEmpty();
        test.rooms.clock.turn(Duration.ofSeconds(11));
        assertThat(texts(there)).containsExactly("1");
    }

    @Test
    void aNewLifeOfTheAgentEndsThePause() {
        var there = test.online("there", 1);
        test.putBack(leased(test.accept(there, "a", "1")), Duration.ofHours(1));
        assertThat(texts(there)).isEmpty();
        test.register(there);
        assertThat(texts(there)).containsExactly("1");
    }

    @Test
    void aFullMailboxRefusesAndLosesNothing() {
        var unseen = test.unseen("unseen", 1);
        for (int i = 0; i < 5; i++) {
            assertThat(test.accept(unseen, "c", "m" + i)).isInstanceOf(Accepted.Queued.class);
        }
        assertThat(test.accept(unseen, "c", "one more")).isEqualTo(new Accepted.Full());
        assertThat(test.accept(unseen, "c", "m3")).isInstanceOf(Accepted.Repeated.class);
        test.register(unseen);
        assertThat(texts(unseen)).containsExactly("m0");
        assertThat(test.accept(unseen, "c", "one more")).isInstanceOf(Accepted.Queued.class);
    }

    @Test
    void whatIsTooLargeForTheMailboxIsRefused() {
        var unseen = test.unseen("unseen", 1);
        assertThat(test.accept(unseen, "c", "x".repeat(9_900))).isInstanceOf(Accepted.Queued.class);
        assertThat(test.accept(unseen, "c", "y".repeat(200))).isEqualTo(new Accepted.Full());
    }

    @Test
    void anOldLeaseIsGoodForNothing() {
        var there = test.online("there", 1);
        var old = leased(test.accept(there, "a", "1"));
        test.putBack(old, Duration.ZERO);
        var current = ledger.lease(there.id()).getFirst();
        assertThat(ledger.append(test.entry(old, TaskState.COMPLETED, Entry.End.done())))
                .isEmpty();
        test.complete(current);
        assertThat(ledger.find(current.task()).orElseThrow().state()).isEqualTo(TaskState.COMPLETED);
    }

    @Test
    void whatADeadProcessHeldIsTakenOver() {
        var there = test.online("there", 1);
        var dead = test.another();
        var held = leased(dead.accept(test.submission(there, Owner.OPERATOR, "c", "m")));
        assertThat(ledger.takeOver(List.of())).isEmpty();
        dead.close();
        var taken = ledger.takeOver(List.of());
        assertThat(taken).hasSize(1);
        assertThat(taken.getFirst().task()).isEqualTo(held.task());
        assertThat(ledger.append(test.entry(held, TaskState.COMPLETED, Entry.End.done())))
                .isEmpty();
        test.complete(taken.getFirst());
    }

    @Test
    void aLeaseThatIsNotRenewedIsTakenOver() {
        var there = test.online("there", 1);
        try (var silent = test.another()) {
            var lease = leased(silent.accept(test.submission(there, Owner.OPERATOR, "c", "m")));
            test.rooms.clock.turn(Duration.ofSeconds(50));
            silent.renew(List.of(lease.delivery()));
            test.rooms.clock.turn(Duration.ofSeconds(50));
            assertThat(ledger.takeOver(List.of())).isEmpty();
            test.rooms.clock.turn(Duration.ofSeconds(20));
            assertThat(ledger.takeOver(List.of())).hasSize(1);
        }
    }

    @Test
    void aLeaseOfItsOwnThatNobodyIsAtIsTakenOverToo() {
        var there = test.online("there", 2);
        var atWork = leased(test.accept(there, "a", "1"));
        var forgotten = leased(test.accept(there, "b", "2"));
        test.rooms.clock.turn(Duration.ofSeconds(50));
        ledger.renew(List.of(atWork.delivery()));
        test.rooms.clock.turn(Duration.ofSeconds(20));
        assertThat(ledger.takeOver(List.of(atWork.delivery())))
                .extracting(Lease::task)
                .containsExactly(forgotten.task());
    }

    @Test
    void onlyAnAgentLostWithTheMessageCountsAgainstIt() {
        var there = test.online("there", 1);
        var lease = leased(test.accept(there, "a", "1"));
        var again = test.rooms.clock.instant();
        test.write(test.entry(lease, TaskState.SUBMITTED, new Entry.End("queued", "not there", again, 9, false)));
        var second = ledger.lease(there.id()).getFirst();
        assertThat(second.lost()).isZero();
        assertThat(second.attempts()).isOne();
        test.write(test.entry(second, TaskState.SUBMITTED, new Entry.End("queued", "lost", again, 9, true)));
        assertThat(ledger.lease(there.id()).getFirst().lost()).isOne();
    }

    @Test
    void aSnapshotByWhoDoesNotKnowAllIsNotKept() {
        var there = test.online("there", 1);
        var lease = leased(test.accept(there, "a", "1"));
        test.write(said(lease, 1, "first", null, null));
        var whatTheyKnow = ledger.tree(lease.task()).task();
        test.write(new Entry(
                lease.task(),
                lease.target(),
                2,
                null,
                List.of(artifact(lease, "meanwhile")),
                null,
                Entry.Named.UNKNOWN,
                null,
                null));
        test.write(said(lease, 2, "last", whatTheyKnow, Entry.End.done()));
        assertThat(ledger.tree(lease.task()).task().path("artifacts").findValuesAsText("text"))
                .containsExactly("first", "meanwhile", "last");
    }

    private static ObjectNode artifact(Lease lease, String text) {
        var event = Json.object();
        var update = event.putObject("artifactUpdate")
                .put("taskId", lease.task().toString())
                .put("contextId", lease.contextId());
        update.putObject("artifact")
                .put("artifactId", text)
                .putArray("parts")
                .addObject()
                .put("text", text);
        return event;
    }

    private static Entry said(
            Lease lease, long after, String text, @Nullable ObjectNode snapshot, Entry.@Nullable End end) {
        return new Entry(
                lease.task(),
                lease.target(),
                after,
                Entry.Hold.of(lease),
                List.of(artifact(lease, text)),
                null,
                Entry.Named.UNKNOWN,
                snapshot,
                end);
    }

    @Test
    void whatIsUnderWayIsCanceledBeforeWhatWaits() {
        var there = test.online("there", 1);
        var lease = leased(test.accept(there, "a", "1"));
        test.acknowledge(lease);
        var first = test.submission(there, Owner.OPERATOR, "a", "2");
        ledger.accept(new Submission(
                lease.task(),
                true,
                first.address(),
                TestLedger.event(lease.task(), TaskState.WORKING),
                "working",
                first.request(),
                first.origin(),
                first.expires()));
        assertThat(ledger.openDelivery(lease.task()).orElseThrow()).isEqualTo(Entry.Hold.of(lease));
    }

    @Test
    void whatHasEndedLongAgoIsRemovedAndNothingElse() {
        var there = test.online("there", 5);
        var old = leased(test.accept(there, "a", "1"));
        test.complete(old);
        var open = leased(test.accept(there, "b", "2"));
        test.rooms.clock.turn(Duration.ofDays(20));
        var recent = leased(test.accept(there, "c", "3"));
        test.complete(recent);
        test.rooms.clock.turn(Duration.ofDays(20));
        new Retention(test.rooms.database, Duration.ofDays(30), test.rooms.clock).round();
        assertThat(ledger.find(old.task())).isEmpty();
        assertThat(ledger.events(old.task(), 0, 10)).isEmpty();
        assertThat(ledger.find(open.task())).isPresent();
        assertThat(ledger.find(recent.task())).isPresent();
        assertThat(test.faults()).isEmpty();
    }

    @Test
    void aLongHistoryIsReadInPieces() {
        var there = test.online("there", 1);
        var lease = leased(test.accept(there, "a", "1"));
        for (int i = 0; i < 6; i++) {
            test.write(said(lease, i + 1, String.valueOf((char) ('a' + i)).repeat(1024 * 1024), null, null));
        }
        assertThat(ledger.events(lease.task(), 0, 100)).hasSizeBetween(3, 5);
        assertThat(ledger.tree(lease.task()).task().path("artifacts")).hasSize(6);
    }

    @Test
    void aTaskThatEndedNeverChangesAgain() {
        var there = test.online("there", 1);
        var lease = leased(test.accept(there, "a", "1"));
        var canceled = new Entry(
                lease.task(),
                lease.target(),
                1,
                null,
                List.of(TestLedger.event(lease.task(), TaskState.CANCELED)),
                "canceled",
                Entry.Named.UNKNOWN,
                null,
                null);
        test.write(canceled);
        var late = ledger.append(test.entry(lease, TaskState.COMPLETED, Entry.End.done()))
                .orElseThrow();
        assertThat(late.ended()).isTrue();
        assertThat(ledger.find(lease.task()).orElseThrow().state()).isEqualTo(TaskState.CANCELED);
        assertThat(ledger.events(lease.task(), 0, 10)).hasSize(2);
    }

    @Test
    void whatWaitsTooLongFailsAndIsKeptAsDead() {
        var unseen = test.unseen("unseen", 1);
        var queued = (Accepted.Queued) test.accept(unseen, "c", "m");
        test.rooms.clock.turn(Duration.ofMinutes(59));
        ledger.giveUp((tree, why) -> TestLedger.event(queued.task(), TaskState.FAILED));
        assertThat(ledger.find(queued.task()).orElseThrow().state()).isEqualTo(TaskState.SUBMITTED);
        test.rooms.clock.turn(Duration.ofMinutes(2));
        ledger.giveUp((tree, why) -> TestLedger.event(queued.task(), TaskState.FAILED));
        assertThat(ledger.find(queued.task()).orElseThrow().state()).isEqualTo(TaskState.FAILED);
        assertThat(ledger.openDelivery(queued.task())).isEmpty();
    }

    @Test
    void theMailOfARemovedWorkspaceFails() {
        var unseen = test.unseen("unseen", 1);
        var queued = (Accepted.Queued) test.accept(unseen, "c", "m");
        test.rooms.workspaces.remove(unseen.id(), true, false);
        ledger.giveUp((tree, why) -> TestLedger.event(queued.task(), TaskState.FAILED));
        assertThat(ledger.find(queued.task()).orElseThrow().state()).isEqualTo(TaskState.FAILED);
    }

    @Test
    void aContextOfSomebodyElseIsNotEntered() {
        var there = test.online("there", 5);
        test.accept(there, "mine", "1");
        var other = test.rooms.createExternal("other");
        assertThat(ledger.accept(test.submission(there, Owner.of(other.id()), "mine", "2")))
                .isEqualTo(new Accepted.Foreign());
    }

    @Test
    void watchersSeeEveryEventOnceInOrderOnEveryProcess() throws InterruptedException {
        var there = test.online("there", 1);
        var lease = leased(test.accept(there, "a", "1"));
        try (var elsewhere = test.another();
                var near = ledger.watch(lease.task(), 0, false);
                var far = elsewhere.watch(lease.task(), 0, false)) {
            assertThat(near.next(Duration.ofSeconds(5))).hasSize(1);
            assertThat(far.next(Duration.ofSeconds(5))).hasSize(1);
            test.acknowledge(lease);
            test.complete(lease);
            assertThat(seqs(near, 2)).containsExactly(2L, 3L);
            elsewhere.look();
            assertThat(seqs(far, 2)).containsExactly(2L, 3L);
        }
    }

    private static List<Long> seqs(Watch watch, int count) throws InterruptedException {
        var all = new java.util.ArrayList<Long>();
        while (all.size() < count) {
            var next = watch.next(Duration.ofSeconds(5));
            assertThat(next).isNotEmpty();
            next.forEach(numbered -> all.add(numbered.seq()));
        }
        return all;
    }
}
