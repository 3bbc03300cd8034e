package ai.molecule.platform.ledger;

import ai.molecule.platform.ledger.Activity.Query;
import ai.molecule.platform.store.Database;
import ai.molecule.platform.store.Row;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Message;
import ai.molecule.protocol.TaskState;
import ai.molecule.protocol.TaskTree;
import ai.molecule.protocol.Wire;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The SQL of activity.
final class ActivityStore {

    private static final int BYTES_MAX = 4 * 1024 * 1024;
    private static final int RESPONSE_BYTES_MAX = 16 * 1024;
    private static final int SUMMARY_MAX = 200;

    private static final String OPERATOR = "'00000000-0000-0000-0000-000000000000'";

    private final Database database;

    ActivityStore(Database database) {
        this.database = database;
    }

    /// What a workspace got.
    Part received(Query query) {
        return messages(query, "d.target = ?", "d.owner", Activity.RECEIVED);
    }

    /// What its agent sent.
    Part sent(Query query) {
        return messages(
                query,
                "d.owner = ? and d.owner <> " + OPERATOR + " and d.target <> d.owner",
                "d.target",
                Activity.SENT);
    }

    /// Rows of one kind.
    ///
    /// @param complete false when there were more than could be read at once
    record Part(List<ActivityRow> rows, boolean complete) {
        private static Part of(List<Counted> counted) {
            return new Part(
                    counted.stream().map(Counted::row).toList(),
                    counted.isEmpty() || counted.getFirst().of() == counted.size());
        }
    }

    private record Counted(ActivityRow row, int of) {}

    private Part messages(Query query, String whose, String other, String type) {
        var direction = query.oldestFirst() ? "" : " desc";
        var sources = switch (query.sources()) {
            case ALL -> "";
            case OPERATOR -> " and d.owner = " + OPERATOR;
            case AGENTS -> " and d.owner <> " + OPERATOR;
        };
        var peer = query.peer() == null ? null : query.peer().value();
        return Part.of(database.query(
                """
                select d.*, t.state, t.state_at, e.body,
                    case when octet_length(t.snapshot) <= ? then t.snapshot end as snapshot
                from (
                    select d.*, sum(d.bytes) over (order by d.id %2$s) - d.bytes as before, count(*) over () as found
                    from (
                        select d.id, d.task_id, d.owner, d.target, d.seq, d.problem, d.bytes, d.created_at
                        from deliveries d
                        where %1$s and d.id > ? and d.created_at >= ? and d.created_at < ?
                            and (?::uuid is null or %3$s = ?::uuid) %4$s
                        order by d.id %2$s limit ?) d) d
                    join tasks t on t.id = d.task_id
                    join task_events e on e.task_id = d.task_id and e.seq = d.seq
                where d.before < ? order by d.id %2$s
                """.formatted(whose, direction, other, sources),
                row -> new Counted(message(row, type), row.count("found")),
                RESPONSE_BYTES_MAX,
                query.workspace().value(),
                query.after(),
                query.since(),
                query.before(),
                peer,
                peer,
                query.limit(),
                BYTES_MAX));
    }

    private static ActivityRow message(Row row, String type) {
        var body = Json.trusted(row.text("body"));
        var said = body.has(TaskTree.HEARD)
                ? body.path(TaskTree.HEARD)
                : body.path("task").path("history").path(0);
        var snapshot = row.textOrNull("snapshot");
        var state = TaskState.parse(row.text("state")).orElse(TaskState.SUBMITTED);
        var owner = row.uuid("owner");
        var took = Duration.between(row.instant("created_at"), row.instant("state_at"))
                .toMillis();
        return new ActivityRow(
                row.number("id"),
                type,
                "message/send",
                new Owner(owner).workspace().isPresent() ? owner : null,
                row.uuid("target"),
                Wire.clip(Message.text(said).replace("\n", " "), SUMMARY_MAX),
                said,
                Json.nothing(),
                snapshot == null ? Json.nothing() : Json.trusted(snapshot),
                status(state),
                row.text("problem"),
                state.terminal() ? Math.max(0, took) : null,
                row.uuid("task_id"),
                row.instant("created_at"));
    }

    private static String status(TaskState state) {
        if (!state.terminal()) {
            return "pending";
        }
        return state == TaskState.COMPLETED ? "ok" : "error";
    }

    /// What its agent noted.
    Part notes(Query query) {
        var direction = query.oldestFirst() ? "" : " desc";
        var peer = query.peer() == null ? null : query.peer().value();
        return Part.of(database.query(
                """
                select * from (
                    select n.*, count(*) over () as found, sum(octet_length(request) + octet_length(response)) over (order by id %1$s)
                        - octet_length(request) - octet_length(response) as before
                    from (
                        select * from notes
                        where workspace_id = ? and id > ? and created_at >= ? and created_at < ?
                            and (? = '' or type = ?) and (?::uuid is null or target = ?::uuid) %2$s
                        order by id %1$s limit ?) n) n
                where before < ? order by id %1$s
                """.formatted(
                        direction, query.inbox() || query.sources() == Activity.Sources.OPERATOR ? "and false" : ""),
                row -> new Counted(note(row), row.count("found")),
                query.workspace().value(),
                query.after(),
                query.since(),
                query.before(),
                query.type(),
                query.type(),
                peer,
                peer,
                query.limit(),
                BYTES_MAX));
    }

    private static ActivityRow note(Row row) {
        var took = row.numberOrNull("duration_ms");
        return new ActivityRow(
                row.number("id"),
                row.text("type"),
                row.text("method"),
                row.uuidOrNull("source"),
                row.uuidOrNull("target"),
                row.text("summary"),
                Json.nothing(),
                json(row.text("request")),
                json(row.text("response")),
                row.text("status"),
                row.text("problem"),
                took,
                null,
                row.instant("created_at"));
    }

    private static JsonNode json(String text) {
        return text.isEmpty() ? Json.nothing() : Json.trusted(text);
    }

    private static String text(JsonNode json) {
        return json.isNull() ? "" : Json.text(json);
    }

    /// True when the workspace has a row at this place.
    boolean knows(WorkspaceId workspace, long seq) {
        return database.first("""
                        select from deliveries where id = ? and (target = ? or owner = ?)
                        union all select from notes where id = ? and workspace_id = ?
                        """, row -> true, seq, workspace.value(), workspace.value(), seq, workspace.value())
                .isPresent();
    }

    long read(WorkspaceId workspace) {
        return database.first(
                        "select read from mailboxes where workspace_id = ?",
                        row -> row.number("read"),
                        workspace.value())
                .orElse(0L);
    }

    void read(WorkspaceId workspace, long seq) {
        database.update("""
                insert into mailboxes (workspace_id, read) values (?, ?)
                on conflict (workspace_id) do update set read = excluded.read where mailboxes.read < excluded.read
                """, workspace.value(), seq);
    }

    /// Takes a note, in the order of the workspace's messages, because it waits for them; empty when one of its
    /// key is there already.
    Optional<Long> note(Note note, Instant now) {
        return database.inTransaction(() -> {
            database.query(
                    "select workspace_id from mailbox_hold(?)",
                    row -> row.uuid("workspace_id"),
                    note.workspace().value());
            return database.first(
                    """
                            insert into notes (workspace_id, type, method, source, target, summary, status, problem,
                                duration_ms, request, response, key, created_at)
                            values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                            on conflict (workspace_id, key) where key is not null do nothing
                            returning id
                            """,
                    row -> row.number("id"),
                    note.workspace().value(),
                    note.type(),
                    note.method(),
                    note.workspace().value(),
                    id(note.target()),
                    note.summary(),
                    note.status(),
                    note.problem(),
                    note.durationMs(),
                    text(note.request()),
                    text(note.response()),
                    note.key(),
                    now);
        });
    }

    private static @Nullable UUID id(@Nullable WorkspaceId workspace) {
        return workspace == null ? null : workspace.value();
    }

    boolean change(WorkspaceId workspace, String key, String status, String problem, String response) {
        return database.update(
                        "update notes set status = ?, problem = ?, response = ? where workspace_id = ? and key = ?",
                        status,
                        problem,
                        response,
                        workspace.value(),
                        key)
                == 1;
    }

    List<ActivityRow> recorded(WorkspaceId workspace, int limit) {
        return database.query(
                "select * from notes where workspace_id = ? and type = ? order by id desc limit ?",
                ActivityStore::note,
                workspace.value(),
                Activity.DELEGATION,
                limit);
    }
}
