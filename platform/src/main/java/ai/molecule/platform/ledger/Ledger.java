package ai.molecule.platform.ledger;

import ai.molecule.platform.ledger.LedgerStore.Outcome;
import ai.molecule.platform.ledger.LedgerStore.Waiting;
import ai.molecule.platform.ledger.LedgerStore.Written;
import ai.molecule.platform.store.Database;
import ai.molecule.platform.store.DatabaseException;
import ai.molecule.platform.store.LeaderLock;
import ai.molecule.protocol.TaskTree;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What was said and what came of it. Durable: what a method of this class returned is committed.
///
/// The right to deliver a message is held under this process's number, which is a lock in the database as long
/// as the process lives: when it is gone, others take over at once.
public final class Ledger implements AutoCloseable {

    /// Where it is announced that something waits in a mailbox; the payload is the workspace.
    public static final String CHANNEL = "mailbox";

    private static final Logger LOG = LoggerFactory.getLogger(Ledger.class);
    private static final long HOLDERS = 7304L << 32;
    private static final Duration OUTAGE_PATIENCE = Duration.ofMinutes(10);
    private static final Duration OUTAGE_PACE = Duration.ofMillis(200);
    private static final int AT_ONCE = 200;

    private final LedgerStore store;
    private final TaskStore tasks;
    private final Feeds feeds;
    private final MailboxLimits limits;
    private final LeaderLock presence;
    private final InstantSource clock;
    private final GroupCommit<Submission, Accepted> accepts;
    private final GroupCommit<Entry, Written> appends;
    private volatile boolean closed;

    public Ledger(Database database, MailboxLimits limits, InstantSource clock) {
        var holder = HOLDERS + (ThreadLocalRandom.current().nextLong() & 0xffff_ffffL);
        this.store = new LedgerStore(database, limits, holder);
        this.tasks = new TaskStore(database);
        this.feeds = new Feeds(tasks);
        this.limits = limits;
        this.presence = new LeaderLock(database, holder);
        this.clock = clock;
        this.accepts =
                new GroupCommit<>("ledger-accepts", Submission::weight, batch -> store.accept(batch, clock.instant()));
        this.appends =
                new GroupCommit<>("ledger-appends", Entry::weight, batch -> store.append(batch, clock.instant()));
        presence.held();
    }

    /// What the mailboxes may hold.
    public MailboxLimits limits() {
        return limits;
    }

    /// Takes a message in, once.
    public Accepted accept(Submission submission) {
        return accepts.write(submission);
    }

    /// Writes about a task, and tells who watches it. While the database is away, it waits and tries again.
    ///
    /// @return empty when the lease it was written under is another's by now
    public Optional<Appended> append(Entry entry) {
        var until = clock.instant().plus(OUTAGE_PATIENCE);
        while (true) {
            try {
                return told(entry, appends.write(entry));
            } catch (DatabaseException lost) {
                if (!lost.unavailable() || closed || clock.instant().isAfter(until)) {
                    throw lost;
                }
                LOG.warn("The ledger cannot be written ({}); trying again", lost.getMessage());
                var written = written(entry, until);
                if (written.isPresent()) {
                    return told(entry, written.get());
                }
            }
        }
    }

    /// How an entry was taken.
    ///
    /// @param last the number of the task's last event
    /// @param ended true when the task had ended before, so that the events were dropped
    public record Appended(long last, boolean ended) {}

    private Optional<Appended> told(Entry entry, Written written) {
        return switch (written.outcome()) {
            case LOST -> Optional.empty();
            case ENDED -> Optional.of(new Appended(written.first() - 1, true));
            case ADDED -> {
                var seq = written.first();
                var numbered = new ArrayList<Numbered>();
                for (var event : entry.events()) {
                    numbered.add(new Numbered(seq++, event));
                }
                feeds.tell(entry.task(), numbered);
                yield Optional.of(new Appended(seq - 1, false));
            }
        };
    }

    /// After a connection was lost in the middle of a commit: did it happen? Asks until the database answers.
    private Optional<Written> written(Entry entry, Instant until) {
        while (true) {
            LockSupport.parkNanos(OUTAGE_PACE.toNanos());
            try {
                return tasks.written(entry).map(first -> new Written(Outcome.ADDED, first));
            } catch (DatabaseException stillAway) {
                if (!stillAway.unavailable() || closed || clock.instant().isAfter(until)) {
                    throw stillAway;
                }
            }
        }
    }

    /// Leases what the agent of a workspace can have now, in order.
    public List<Lease> lease(WorkspaceId target) {
        return store.lease(target, clock.instant());
    }

    /// Leases what waits, for an agent that asks for it.
    ///
    /// @param hold for how long nobody else gets it
    public List<Lease> fetch(WorkspaceId target, int most, Duration hold) {
        var now = clock.instant();
        return store.mayFetch(target) ? store.lease(target, now, now.plus(hold), true, most) : List.of();
    }

    /// Goes on holding a message that an agent fetched.
    public void prolong(Lease lease, Duration hold) {
        store.prolong(lease, clock.instant().plus(hold));
    }

    /// The workspaces whose agents can have something of what waits.
    public List<WorkspaceId> waitingTargets() {
        return store.waitingTargets(clock.instant());
    }

    /// The hibernated workspaces that have mail.
    public List<WorkspaceId> sleepersWithMail() {
        return store.sleepersWithMail();
    }

    /// The workspaces whose agents the platform runs and that nobody asked, and that asked nobody, since a
    /// time.
    public List<WorkspaceId> idleSince(Instant then) {
        return store.idleSince(then);
    }

    /// How many messages the agent of a workspace is at.
    public int running(WorkspaceId workspace) {
        return store.running(workspace);
    }

    /// Takes over what processes held that are gone, and what was held for too long.
    ///
    /// @param besides the deliveries that are at work in this process
    public List<Lease> takeOver(Collection<Long> besides) {
        return presence.held() ? store.takeOver(clock.instant(), AT_ONCE, besides) : List.of();
    }

    /// A lease as it is now; empty when it is over.
    public Optional<Lease> held(Lease lease) {
        return held(lease.delivery(), lease.number());
    }

    /// A lease as it is now, where it is still good.
    public Optional<Lease> held(long delivery, int number) {
        return store.held(delivery, number);
    }

    /// Goes on holding deliveries that are at work in this process.
    public void renew(Collection<Long> deliveries) {
        store.renew(clock.instant(), deliveries);
    }

    /// Gives up what waits in vain: its time is over, or its workspace is gone.
    ///
    /// @param last makes the last event of such a task
    public void giveUp(LastWords last) {
        for (var one : store.hopeless(clock.instant(), AT_ONCE)) {
            end(one, last, "failed", Entry.End.dead(one.why()));
        }
    }

    /// Ends what an agent that nobody reaches has read by itself, up to a delivery: it is its own now. Some of it
    /// at a time, the oldest first: whoever reads on ends the rest.
    ///
    /// @param last makes the last event of such a task
    public void handOver(WorkspaceId target, long upTo, LastWords last) {
        store.waiting(target, upTo, AT_ONCE).forEach(one -> end(one, last, "completed", Entry.End.done()));
    }

    private void end(Waiting one, LastWords last, String state, Entry.End end) {
        var tree = tasks.tree(one.task());
        var event = last.of(tree, one.why());
        tree.apply(event);
        append(new Entry(
                one.task(),
                one.target(),
                one.seq(),
                one.hold(),
                List.of(event),
                state,
                Entry.Named.UNKNOWN,
                tree.task(),
                end));
    }

    /// Makes the event with which a task ends.
    @FunctionalInterface
    public interface LastWords {
        ObjectNode of(TaskTree tree, String why);
    }

    /// The tasks that should have been done by a time and are not.
    public List<LedgerTask> overdue(Instant now, int limit) {
        return tasks.overdue(now, limit);
    }

    /// True when a message of this id was taken in before.
    public boolean took(WorkspaceId target, Owner owner, String messageId) {
        return tasks.took(target, owner, messageId);
    }

    /// The tasks that are under way at agents which have used up their budget.
    public List<LedgerTask> overspent(int limit) {
        return tasks.overspent(limit);
    }

    /// A task, and what its events made of it.
    public record Known(LedgerTask task, TaskTree tree) {}

    /// Those tasks of some leases that have but their first event, as they are now, all with one question.
    public Map<UUID, Known> known(List<Lease> leases) {
        var all = new HashMap<UUID, Known>();
        for (var fresh : tasks.fresh(leases.stream().map(Lease::task).toList())) {
            all.put(fresh.task().id(), fresh);
        }
        return all;
    }

    /// Finds a task.
    public Optional<LedgerTask> find(UUID task) {
        return tasks.find(task);
    }

    /// A task as all its events made it.
    public TaskTree tree(UUID task) {
        return tasks.tree(task);
    }

    /// A task as its events up to a number made it.
    public TaskTree tree(UUID task, long upTo) {
        return tasks.tree(task, upTo);
    }

    /// The events of a task after a number.
    public List<Numbered> events(UUID task, long after, int limit) {
        return tasks.events(task, after, limit);
    }

    /// Watches a task from an event on.
    ///
    /// @param upToDate true when there can be no later event yet
    public Watch watch(UUID task, long after, boolean upToDate) {
        return feeds.watch(task, after, upToDate);
    }

    /// Looks for what other processes wrote about the tasks that are watched here.
    public void look() {
        feeds.look();
    }

    /// The message of a task that was given up and not sent again.
    public Optional<Dead> dead(UUID task) {
        return store.dead(task);
    }

    /// Remembers as which task a dead message was sent again; false when it was already.
    public boolean resent(Dead dead, UUID as) {
        return store.resent(dead.delivery(), as);
    }

    /// Asks for a task to be canceled once its agent is met.
    public void askToCancel(UUID task) {
        store.askToCancel(task, true);
    }

    /// Takes back that a task is to be canceled: its agent said that it cannot be.
    public void letGoOn(UUID task) {
        store.askToCancel(task, false);
    }

    /// The delivery of a task that waits or is under way.
    public Optional<Entry.Hold> openDelivery(UUID task) {
        return tasks.openDelivery(task);
    }

    /// What is asked of the list of tasks.
    ///
    /// @param state in the words of 0.3; empty for any
    /// @param before a place in the list; null for its beginning
    public record Query(
            WorkspaceId target,
            Owner owner,
            String contextId,
            String state,
            @Nullable Instant since,
            @Nullable Place before,
            int limit) {}

    /// A place in the list of tasks.
    public record Place(Instant stateAt, UUID id) {}

    /// A page of tasks, the one that changed last first.
    ///
    /// @param total how many match in all
    public record Page(List<LedgerTask> tasks, int total, boolean more) {
        public Page {
            tasks = List.copyOf(tasks);
        }
    }

    /// Lists tasks.
    public Page list(Query query) {
        var what = new TaskStore.Query(query.target(), query.owner(), query.contextId(), query.state(), query.since());
        var before = query.before() == null
                ? new Place(clock.instant().plus(Duration.ofDays(1)), new UUID(0, 0))
                : query.before();
        var page = tasks.page(what, before.stateAt(), before.id(), query.limit() + 1);
        return new Page(
                page.subList(0, Math.min(page.size(), query.limit())), tasks.count(what), page.size() > query.limit());
    }

    /// The task of ours that a W3C parent span stands for.
    public Optional<LedgerTask> bySpan(String trace, String span) {
        return tasks.bySpan(trace, span);
    }

    /// The tasks above one, nearest first.
    public List<LedgerTask> above(UUID task) {
        return tasks.above(task);
    }

    /// The tasks asked for in the course of one.
    public List<LedgerTask> below(UUID task) {
        return tasks.below(task);
    }

    @Override
    public void close() {
        closed = true;
        accepts.close();
        appends.close();
        presence.close();
    }
}
