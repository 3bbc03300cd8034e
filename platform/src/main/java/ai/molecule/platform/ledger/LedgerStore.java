package ai.molecule.platform.ledger;

import ai.molecule.platform.registry.Way;
import ai.molecule.platform.store.Database;
import ai.molecule.platform.store.Row;
import ai.molecule.platform.store.SqlArray;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The SQL that changes the ledger; what it takes to decide is in the functions of the migrations.
///
/// Batches are written in the order of their targets, those that change a mailbox first, so that two of them
/// never wait for each other.
final class LedgerStore {

    /// Who holds what an agent fetched: no process of ours, so that none leaves it behind.
    private static final long AGENTS = 0;

    private final Database database;
    private final MailboxLimits limits;
    private final long holder;

    LedgerStore(Database database, MailboxLimits limits, long holder) {
        this.database = database;
        this.limits = limits;
        this.holder = holder;
    }

    /// Takes messages in.
    List<Accepted> accept(List<Submission> batch, Instant now) {
        var order = order(
                batch,
                Comparator.comparing((Submission one) -> one.address().target().value())
                        .thenComparing(Submission::task));
        var items = order.stream().map(batch::get).toList();
        var requests = items.stream().map(one -> Json.text(one.request())).toList();
        var rows = database.query(
                """
                select a.*, i.n, coalesce((select s.headers from instances s where s.workspace_id = i.target), '') as headers
                from unnest(?::uuid[], ?::bool[], ?::uuid[], ?::uuid[], ?::text[], ?::text[], ?::text[],
                        ?::text[], ?::text[], ?::int4[], ?::uuid[], ?::int4[], ?::text[], ?::bool[], ?::timestamptz[],
                        ?::timestamptz[], ?::bool[])
                    with ordinality as i(task, further, target, owner, context, message, event, state, request, size,
                        parent, depth, trace, inside, due, until, new_context, n),
                    lateral ledger_accept(?, i.task, i.further, i.target, i.owner, i.context, i.message, i.event, i.state,
                        i.request, i.size, i.parent, i.depth, i.trace, i.inside, i.due, i.until, ?, ?, ?, ?, i.new_context) a
                order by i.n
                """,
                row -> accepted(row, items.get(row.count("n") - 1)),
                column("uuid", items, Submission::task),
                column("bool", items, Submission::further),
                column("uuid", items, one -> one.address().target().value()),
                column("uuid", items, one -> one.address().owner().value()),
                column("text", items, one -> one.address().contextId()),
                column("text", items, one -> one.address().messageId()),
                column("text", items, one -> Json.text(one.event())),
                column("text", items, Submission::state),
                new SqlArray("text", requests),
                column("int4", requests, String::length),
                column("uuid", items, one -> one.origin().parent()),
                column("int4", items, one -> one.origin().depth()),
                column("text", items, one -> one.origin().trace()),
                column("bool", items, one -> one.origin().inside()),
                column("timestamptz", items, one -> one.origin().deadline()),
                column("timestamptz", items, Submission::expires),
                column("bool", items, one -> one.address().newContext()),
                now,
                holder,
                now.plus(limits.lease()),
                limits.messages(),
                limits.bytes());
        return backInOrder(order, rows);
    }

    private static Accepted accepted(Row row, Submission of) {
        return switch (row.text("outcome")) {
            case "leased" ->
                new Accepted.Leased(
                        new Lease(
                                row.number("delivery"),
                                1,
                                of.task(),
                                of.address().target(),
                                of.address().contextId(),
                                row.number("seq"),
                                of.request(),
                                row.text("agent_task"),
                                row.text("agent_context"),
                                false,
                                0,
                                0,
                                of.expires()),
                        row.number("seq"),
                        Way.of(row));
            case "queued" -> new Accepted.Queued(of.task(), row.number("seq"));
            case "repeated" -> new Accepted.Repeated(row.uuid("task_id"), row.number("seq"));
            case "gone" -> new Accepted.Gone();
            case "full" -> new Accepted.Full();
            case "foreign" -> new Accepted.Foreign();
            case "ended" -> new Accepted.Ended();
            case String unknown -> throw new IllegalStateException("Expected an outcome, but found " + unknown);
        };
    }

    /// What became of an entry.
    ///
    /// @param first the number of the first event; what follows the last one when none was added
    record Written(Outcome outcome, long first) {}

    /// How an entry was taken.
    enum Outcome {
        ADDED,
        /// The task had ended: its events were not added, but the delivery ended as asked.
        ENDED,
        /// The lease is another's by now: nothing was written.
        LOST
    }

    /// Writes entries.
    List<Written> append(List<Entry> batch, Instant now) {
        var order = order(
                batch,
                Comparator.comparing((Entry one) -> one.target().value())
                        .thenComparing((Entry one) -> one.end() == null)
                        .thenComparing(Entry::task));
        var items = order.stream().map(batch::get).toList();
        var rows = database.query(
                """
                select a.*, i.n, coalesce((select s.headers from instances s where s.workspace_id = i.target), '') as headers
                from unnest(?::uuid[], ?::uuid[], ?::int8[], ?::int8[], ?::text[], ?::int4[], ?::text[], ?::text[],
                        ?::text[], ?::text[], ?::text[], ?::bool[], ?::text[], ?::text[], ?::timestamptz[], ?::int8[], ?::bool[])
                    with ordinality as i(task, target, after, delivery, phase, lease, events, state, their_task, their_context, snapshot,
                        acknowledges, ends, why, again, epoch, lost, n),
                    lateral ledger_append(?, i.task, i.target, i.after, i.delivery, i.phase, i.lease, i.events, i.state, i.their_task,
                        i.their_context, i.snapshot, i.acknowledges, i.ends, i.why, i.again, i.epoch, i.lost) a
                order by i.n
                """,
                row -> new Written(outcome(row.text("outcome")), row.number("first_seq")),
                column("uuid", items, Entry::task),
                column("uuid", items, one -> one.target().value()),
                column("int8", items, Entry::after),
                column("int8", items, one -> one.by() == null ? 0L : one.by().delivery()),
                column("text", items, one -> one.by() == null ? "" : one.by().phase()),
                column("int4", items, one -> one.by() == null ? 0 : one.by().lease()),
                column(
                        "text",
                        items,
                        one -> one.events().stream().map(Json::text).collect(Collectors.joining("\n"))),
                column("text", items, Entry::state),
                column("text", items, one -> one.agent().task()),
                column("text", items, one -> one.agent().context()),
                column("text", items, one -> one.snapshot() == null ? null : Json.text(one.snapshot())),
                column("bool", items, one -> !one.events().isEmpty()),
                column(
                        "text",
                        items,
                        one -> one.end() == null ? null : one.end().phase()),
                column(
                        "text",
                        items,
                        one -> one.end() == null ? null : one.end().problem()),
                column(
                        "timestamptz",
                        items,
                        one -> one.end() == null ? null : one.end().again()),
                column("int8", items, one -> one.end() == null ? 0L : one.end().epoch()),
                column("bool", items, one -> one.end() != null && one.end().lost()),
                now);
        return backInOrder(order, rows);
    }

    private static Outcome outcome(String wire) {
        return switch (wire) {
            case "added" -> Outcome.ADDED;
            case "ended" -> Outcome.ENDED;
            case "lost" -> Outcome.LOST;
            case String unknown -> throw new IllegalStateException("Expected an outcome, but found " + unknown);
        };
    }

    /// Leases what the agent of a workspace can have now.
    List<Lease> lease(WorkspaceId target, Instant now) {
        return lease(target, now, now.plus(limits.lease()), false, Integer.MAX_VALUE);
    }

    /// Leases what waits in front of a workspace.
    ///
    /// What is leased is read by a statement of its own: the first one may have waited for the mailbox, and then it
    /// leases messages whose tasks were not there yet when it began.
    ///
    /// @param fetched true when its agent asks for it
    List<Lease> lease(WorkspaceId target, Instant now, Instant until, boolean fetched, int most) {
        return database.inTransaction(() -> {
            var leased = database.query(
                    "select id from ledger_lease(?, ?, ?, ?, ?, ?)",
                    row -> row.number("id"),
                    now,
                    target.value(),
                    fetched ? AGENTS : holder,
                    until,
                    fetched,
                    most);
            return leased.isEmpty() ? List.<Lease>of() : database.query("""
                            select d.*, t.agent_task, coalesce(nullif(t.agent_context, ''),
                                context_name(d.target, d.owner, d.context_id)) as agent_context
                            from deliveries d join tasks t on t.id = d.task_id where d.id = any(?) order by d.id
                            """, LedgerStore::lease, ids(leased));
        });
    }

    /// False while somebody has stopped a workspace: what waits for it goes on waiting.
    boolean mayFetch(WorkspaceId target) {
        return database.first(
                        "select status not in ('paused', 'removed') as may from workspaces where id = ?",
                        row -> row.flag("may"),
                        target.value())
                .orElse(false);
    }

    /// Goes on holding one delivery, under a lease that is still good.
    void prolong(Lease lease, Instant until) {
        database.update(
                "update deliveries set leased_until = ? where id = ? and lease = ? and phase = 'leased'",
                until,
                lease.delivery(),
                lease.number());
    }

    /// Takes over what processes held that are gone, and what was held for too long, by this one too.
    ///
    /// @param besides the deliveries that are at work here
    List<Lease> takeOver(Instant now, int limit, Collection<Long> besides) {
        return database.query("""
                with orphans as (
                    select id from deliveries d where phase = 'leased' and id <> all(?)
                        and (leased_until < ? or d.holder <> 0 and not exists (select from pg_locks l where l.locktype = 'advisory'
                            and l.granted and (l.classid::int8 << 32) + l.objid::int8 = d.holder))
                    order by id limit ? for update skip locked),
                taken as (
                    update deliveries d set holder = ?, lease = lease + 1, leased_until = ? from orphans
                    where d.id = orphans.id returning d.*)
                select d.*, t.agent_task, coalesce(nullif(t.agent_context, ''),
                    context_name(d.target, d.owner, d.context_id)) as agent_context
                from taken d join tasks t on t.id = d.task_id order by d.id
                """, LedgerStore::lease, ids(besides), now, limit, holder, now.plus(limits.lease()));
    }

    /// A lease as it is now, where it is still good.
    Optional<Lease> held(long delivery, int number) {
        return database.first("""
                select d.*, t.agent_task, coalesce(nullif(t.agent_context, ''),
                    context_name(d.target, d.owner, d.context_id)) as agent_context
                from deliveries d join tasks t on t.id = d.task_id
                where d.id = ? and d.lease = ? and d.phase = 'leased'
                """, LedgerStore::lease, delivery, number);
    }

    /// Goes on holding deliveries.
    void renew(Instant now, Collection<Long> deliveries) {
        database.update("""
                update deliveries set leased_until = ? where id in (
                    select id from deliveries where id = any(?) and holder = ? and phase = 'leased' order by id
                    for update skip locked)
                """, now.plus(limits.lease()), ids(deliveries), holder);
    }

    private static SqlArray ids(Collection<Long> deliveries) {
        return new SqlArray("int8", List.copyOf(deliveries));
    }

    private static Lease lease(Row row) {
        return new Lease(
                row.number("id"),
                row.count("lease"),
                row.uuid("task_id"),
                new WorkspaceId(row.uuid("target")),
                row.text("context_id"),
                row.number("seq"),
                Json.trusted(row.text("request")),
                row.text("agent_task"),
                row.text("agent_context"),
                row.flag("acknowledged"),
                row.count("attempts"),
                row.count("lost"),
                row.instant("expires_at"));
    }

    /// The workspaces that have something waiting and an agent that can take something.
    List<WorkspaceId> waitingTargets(Instant now) {
        return database.query("""
                select m.workspace_id from mailboxes m join ways w on w.workspace_id = m.workspace_id
                where m.queued > 0 and w.reachable and (m.running < w.slots
                        or exists (select from deliveries d where d.target = m.workspace_id and d.phase = 'queued' and d.reentrant))
                    and exists (select from deliveries d where d.target = m.workspace_id and d.phase = 'queued'
                        and (d.not_before <= ? or d.epoch <> w.epoch))
                limit 1000
                """, row -> new WorkspaceId(row.uuid("workspace_id")), now);
    }

    /// The hibernated workspaces that have mail, on its way too: an agent that rests with its memory may have
    /// been put to rest in the middle of a call.
    List<WorkspaceId> sleepersWithMail() {
        return database.query("""
                select m.workspace_id from mailboxes m join workspaces w on w.id = m.workspace_id
                where (m.queued > 0 or m.running > 0) and w.status = 'hibernated'
                    and not exists (select from budgets b where b.workspace_id = w.id and b.state = 'stopped') limit 1000
                """, row -> new WorkspaceId(row.uuid("workspace_id")));
    }

    /// The workspaces whose agents the platform runs and that nobody asked, and that asked nobody, since a
    /// time.
    List<WorkspaceId> idleSince(Instant then) {
        return database.query("""
                select w.id from workspaces w
                    left join mailboxes m on m.workspace_id = w.id
                    left join presence p on p.workspace_id = w.id
                where w.status in ('online', 'degraded') and w.backend <> 'external' and w.status_since < ?
                    and (coalesce(m.queued, 0) = 0 or exists (select from budgets b where b.workspace_id = w.id and b.state = 'stopped'))
                    and coalesce(m.running, 0) = 0 and coalesce(p.active_tasks, 0) = 0
                    and not exists (select from tasks t where t.target = w.id and t.state in ('input-required', 'auth-required'))
                    and not exists (select from tasks t where t.target = w.id and t.state_at > ?)
                    and not exists (select from tasks t where t.owner = w.id and t.created_at > ?)
                limit 1000
                """, row -> new WorkspaceId(row.uuid("id")), then, then, then);
    }

    /// How many messages the agent of a workspace is at.
    int running(WorkspaceId workspace) {
        return database.first(
                        "select running from mailboxes where workspace_id = ?",
                        row -> row.count("running"),
                        workspace.value())
                .orElse(0);
    }

    /// A queued message that waits no longer, and why.
    record Waiting(UUID task, WorkspaceId target, long seq, Entry.Hold hold, String why) {
        private static Waiting of(Row row, String why) {
            return new Waiting(
                    row.uuid("task_id"),
                    new WorkspaceId(row.uuid("target")),
                    row.number("seq"),
                    new Entry.Hold(row.number("id"), "queued", row.count("lease")),
                    why);
        }
    }

    /// The queued messages, up to one, of a workspace whose agent is reached in no way: it reads them itself.
    List<Waiting> waiting(WorkspaceId target, long upTo, int limit) {
        return database.query(
                """
                select d.task_id, d.target, d.id, d.lease, t.seq from deliveries d
                    join workspaces w on w.id = d.target and w.delivery = 'poll' and w.status not in ('paused', 'removed')
                    join tasks t on t.id = d.task_id
                where d.target = ? and d.phase = 'queued' and d.id <= ? order by d.id limit ?
                """,
                row -> Waiting.of(row, "its agent has read it, and answers with a message of its own"),
                target.value(),
                upTo,
                limit);
    }

    /// The queued messages whose time is over or whose target is gone. What its task's own deadline ends is
    /// not among them: it is the task that was not done in time, whatever its message waited for.
    List<Waiting> hopeless(Instant now, int limit) {
        return database.query(
                """
                select d.task_id, d.target, d.id, d.lease, t.seq, d.problem, d.late from (
                    (select d.*, true as late from deliveries d
                        join tasks due on due.id = d.task_id
                        where d.phase = 'queued' and d.expires_at > '-infinity' and d.expires_at < ?
                            and (due.deadline is null or due.deadline > d.expires_at
                                or due.state in ('completed', 'failed', 'canceled', 'rejected')) limit ?)
                    union all
                    (select d.*, false as late from mailboxes m
                        join workspaces w on w.id = m.workspace_id and w.status = 'removed'
                        join deliveries d on d.target = m.workspace_id and d.phase = 'queued' and d.expires_at >= ?
                        where m.queued > 0 limit ?)) d
                    join tasks t on t.id = d.task_id
                """,
                row -> Waiting.of(
                        row,
                        row.flag("late")
                                ? "it could not be delivered in time"
                                        + (row.text("problem").isEmpty() ? "" : ": " + row.text("problem"))
                                : "its workspace was removed"),
                now,
                limit,
                now,
                limit);
    }

    /// Asks for a task to be canceled once somebody meets it, or takes that back.
    void askToCancel(UUID task, boolean asked) {
        database.update("update tasks set cancel_asked = ? where id = ?", asked, task);
    }

    /// A message that was given up: its address and what was to be sent.
    Optional<Dead> dead(UUID task) {
        return database.first(
                """
                select id, target, owner, context_id, message_id, request from deliveries
                where task_id = ? and phase = 'dead' and resent_as is null order by id desc limit 1
                """,
                row -> new Dead(
                        row.number("id"),
                        new Submission.Address(
                                new WorkspaceId(row.uuid("target")),
                                new Owner(row.uuid("owner")),
                                row.text("context_id"),
                                row.text("message_id"),
                                false),
                        (ObjectNode) Json.trusted(row.text("request"))),
                task);
    }

    /// Remembers as what a dead message was sent again; false when it was already, or is not dead.
    boolean resent(long delivery, UUID as) {
        return database.update(
                        "update deliveries set resent_as = ? where id = ? and phase = 'dead' and resent_as is null",
                        as,
                        delivery)
                == 1;
    }

    private static <T> List<Integer> order(List<T> batch, Comparator<T> by) {
        if (batch.size() == 1) {
            return List.of(0);
        }
        return IntStream.range(0, batch.size())
                .boxed()
                .sorted((a, b) -> by.compare(batch.get(a), batch.get(b)))
                .toList();
    }

    private static <T> List<T> backInOrder(List<Integer> order, List<T> rows) {
        if (rows.size() != order.size()) {
            throw new IllegalStateException("Expected " + order.size() + " results, but found " + rows.size());
        }
        var result = new ArrayList<T>(rows);
        for (int i = 0; i < rows.size(); i++) {
            result.set(order.get(i), rows.get(i));
        }
        return result;
    }

    private static <T> SqlArray column(String type, List<T> items, Function<T, @Nullable Object> field) {
        var values = new ArrayList<@Nullable Object>(items.size());
        for (var item : items) {
            var value = field.apply(item);
            values.add(value instanceof Instant at ? at.toString() : value);
        }
        return new SqlArray(type.equals("timestamptz") ? "text" : type, values);
    }
}
