package ai.molecule.platform.ledger;

import ai.molecule.platform.store.Database;
import ai.molecule.platform.store.Row;
import ai.molecule.platform.store.SqlArray;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.TaskState;
import ai.molecule.protocol.TaskTree;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The SQL that reads tasks and their events.
final class TaskStore {

    private static final String COLUMNS =
            "t.id, t.target, t.owner, t.context_id, t.state, t.state_at, t.seq, t.agent_task,"
                    + " t.parent, t.depth, t.trace, t.cancel_asked, t.deadline, t.created_at";

    private static final int READ_MAX = 500;
    private static final int READ_BYTES_MAX = 4 * 1024 * 1024;

    private final Database database;

    TaskStore(Database database) {
        this.database = database;
    }

    Optional<LedgerTask> find(UUID id) {
        return database.first("select " + COLUMNS + " from tasks t where t.id = ?", TaskStore::task, id);
    }

    /// Those of some tasks that have but their first event.
    List<Ledger.Known> fresh(Collection<UUID> ids) {
        return database.query(
                "select " + COLUMNS + ", e.body from tasks t join task_events e on e.task_id = t.id and e.seq = 1"
                        + " where t.id = any(?) and t.seq = 1",
                row -> {
                    var tree = new TaskTree();
                    tree.apply((ObjectNode) Json.trusted(row.text("body")));
                    return new Ledger.Known(task(row), tree);
                },
                new SqlArray("uuid", List.copyOf(ids)));
    }

    /// The tasks that should have been done by a time and are not.
    List<LedgerTask> overdue(Instant now, int limit) {
        return database.query(
                "select " + COLUMNS + " from tasks t where t.deadline < ?"
                        + " and t.state not in ('completed', 'failed', 'canceled', 'rejected') order by t.deadline limit ?",
                TaskStore::task,
                now,
                limit);
    }

    boolean took(WorkspaceId target, Owner owner, String messageId) {
        return database.first(
                        "select true as took from deliveries where target = ? and owner = ? and message_id = ? limit 1",
                        row -> row.flag("took"),
                        target.value(),
                        owner.value(),
                        messageId)
                .isPresent();
    }

    /// The tasks that are under way at agents which have used up their budget.
    List<LedgerTask> overspent(int limit) {
        return database.query(
                "select distinct " + COLUMNS
                        + " from budgets b join deliveries d on d.target = b.workspace_id and d.phase = 'leased'"
                        + " join tasks t on t.id = d.task_id"
                        + " where b.state = 'stopped' and t.state in ('submitted', 'working') limit ?",
                TaskStore::task,
                limit);
    }

    /// The next events after a number: at least one where there is any, but not more bytes at once than can be
    /// held.
    List<Numbered> events(UUID id, long after, int limit) {
        return database.query(
                """
                select seq, body from (
                    select seq, body, sum(octet_length(body)) over (order by seq) - octet_length(body) as before
                    from (select * from task_events where task_id = ? and seq > ? order by seq limit ?) next) weighed
                where before < ? order by seq
                """,
                row -> new Numbered(row.number("seq"), (ObjectNode) Json.trusted(row.text("body"))),
                id,
                after,
                limit,
                READ_BYTES_MAX);
    }

    /// The number of the first of an entry's events, if they are written.
    Optional<Long> written(Entry entry) {
        if (entry.events().isEmpty()) {
            return Optional.empty();
        }
        var later = database.query(
                "select seq, body from task_events where task_id = ? and seq > ? order by seq",
                row -> Map.entry(row.number("seq"), row.text("body")),
                entry.task(),
                entry.after());
        var ours = entry.events().stream().map(Json::text).toList();
        var at = Collections.indexOfSubList(
                later.stream().map(Map.Entry::getValue).toList(), ours);
        return at < 0 ? Optional.empty() : Optional.of(later.get(at).getKey());
    }

    /// What the events make of a task, up to and including the last one.
    TaskTree tree(UUID id) {
        return tree(id, Long.MAX_VALUE);
    }

    /// What the events up to a number make of a task.
    TaskTree tree(UUID id, long upTo) {
        var tree = new TaskTree();
        long from = database.first(
                        "select snapshot, snapshot_seq from tasks where id = ? and snapshot is not null and snapshot_seq <= ?",
                        row -> {
                            tree.apply((ObjectNode) Json.object().set("task", Json.trusted(row.text("snapshot"))));
                            return row.number("snapshot_seq");
                        },
                        id,
                        upTo)
                .orElse(0L);
        while (true) {
            var next = events(id, from, READ_MAX);
            for (var numbered : next) {
                if (numbered.seq() > upTo) {
                    return tree;
                }
                tree.apply(numbered.event());
                from = numbered.seq();
            }
            if (next.isEmpty()) {
                return tree;
            }
        }
    }

    /// What is asked of the list of tasks.
    ///
    /// @param state in the words of 0.3; empty for any
    record Query(
            WorkspaceId target,
            Owner owner,
            String contextId,
            String state,
            @Nullable Instant since) {}

    /// The tasks after a place in the list, the one that changed last first.
    List<LedgerTask> page(Query query, Instant before, UUID id, int limit) {
        return database.query(
                "select " + COLUMNS + " from tasks t where " + MATCHES
                        + " and (t.state_at, t.id) < (?, ?) order by t.state_at desc, t.id desc limit ?",
                TaskStore::task,
                query.target().value(),
                query.owner().value(),
                query.contextId(),
                query.contextId(),
                query.state(),
                query.state(),
                query.since(),
                query.since(),
                before,
                id,
                limit);
    }

    /// How many tasks match.
    int count(Query query) {
        return database.first(
                        "select count(*) as matching from tasks t where " + MATCHES,
                        row -> row.count("matching"),
                        query.target().value(),
                        query.owner().value(),
                        query.contextId(),
                        query.contextId(),
                        query.state(),
                        query.state(),
                        query.since(),
                        query.since())
                .orElse(0);
    }

    private static final String MATCHES =
            "t.target = ? and t.owner = ? and (? = '' or t.context_id = ?) and (? = '' or t.state = ?)"
                    + " and (?::timestamptz is null or t.state_at > ?::timestamptz)";

    /// The number of the last event of each task.
    Map<UUID, Long> lastEvents(Collection<UUID> tasks) {
        return database
                .query(
                        "select id, seq from tasks where id = any(?)",
                        row -> Map.entry(row.uuid("id"), row.number("seq")),
                        new SqlArray("uuid", List.copyOf(tasks)))
                .stream()
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    /// The task that a W3C parent span stands for: spans of ours are the first 16 digits of a task's id.
    Optional<LedgerTask> bySpan(String trace, String span) {
        return database.first(
                "select " + COLUMNS + " from tasks t where t.id between ?::uuid and ?::uuid and t.trace = ? limit 1",
                TaskStore::task,
                span + "0".repeat(16),
                span + "f".repeat(16),
                trace);
    }

    /// The tasks above one, nearest first, itself not among them.
    List<LedgerTask> above(UUID task) {
        return database.query(
                "with recursive above as (select p.*, 1 as far from tasks t join tasks p on p.id = t.parent where t.id = ?"
                        + " union all select p.*, a.far + 1 from above a join tasks p on p.id = a.parent where a.far < 100)"
                        + " select " + COLUMNS + " from above t order by t.far",
                TaskStore::task,
                task);
    }

    /// The tasks asked for in the course of one.
    List<LedgerTask> below(UUID task) {
        return database.query(
                "select " + COLUMNS + " from tasks t where t.parent = ? order by t.created_at, t.id",
                TaskStore::task,
                task);
    }

    /// The delivery of a task that is under way, or else the latest that waits.
    Optional<Entry.Hold> openDelivery(UUID task) {
        return database.first(
                "select id, phase, lease from deliveries where task_id = ? and phase in ('queued', 'leased') order by phase = 'leased' desc, id desc limit 1",
                row -> new Entry.Hold(row.number("id"), row.text("phase"), row.count("lease")),
                task);
    }

    private static LedgerTask task(Row row) {
        return new LedgerTask(
                row.uuid("id"),
                new WorkspaceId(row.uuid("target")),
                new Owner(row.uuid("owner")),
                row.text("context_id"),
                TaskState.parse(row.text("state")).orElse(TaskState.SUBMITTED),
                row.instant("state_at"),
                row.number("seq"),
                row.text("agent_task"),
                row.uuidOrNull("parent"),
                row.count("depth"),
                row.text("trace"),
                row.flag("cancel_asked"),
                row.instantOrNull("deadline"),
                row.instant("created_at"));
    }
}
