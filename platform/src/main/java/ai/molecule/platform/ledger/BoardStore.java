package ai.molecule.platform.ledger;

import ai.molecule.platform.store.Database;
import ai.molecule.platform.store.Row;
import ai.molecule.protocol.WorkspaceId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// The SQL of what people see of tasks.
final class BoardStore {

    private static final Duration RECENT = Duration.ofSeconds(10);
    private static final int LINES_MAX = 500;

    private static final String LINE = """
            select t.id, t.target, t.owner, t.parent, t.state, t.created_at, t.state_at, d.phase, d.attempts, d.problem,
                d.resent_as, coalesce(left((select e.body::jsonb #>> '{task,history,0,parts,0,text}' from task_events e
                    where e.task_id = t.id and e.seq = 1), 200), '') as text
            from tasks t join lateral (select * from deliveries d where d.task_id = t.id order by d.id desc limit 1) d on true
            """;

    private final Database database;

    BoardStore(Database database) {
        this.database = database;
    }

    /// The latest tasks that a workspace asked for or was asked for.
    List<TaskLine> of(WorkspaceId workspace, int limit) {
        return database.query(LINE + """
                        where t.id in (
                            (select id from tasks where target = ? order by state_at desc limit ?)
                            union (select id from tasks where owner = ? order by created_at desc limit ?))
                        order by t.created_at desc, t.id limit ?
                        """, BoardStore::line, workspace.value(), limit, workspace.value(), limit, limit);
    }

    /// The latest tasks that a workspace asked others for.
    List<TaskLine> askedBy(WorkspaceId workspace, int limit) {
        return database.query(
                LINE + " where t.owner = ? order by t.created_at desc, t.id limit ?",
                BoardStore::line,
                workspace.value(),
                limit);
    }

    Optional<TaskLine> find(UUID task) {
        return database.first(LINE + " where t.id = ?", BoardStore::line, task);
    }

    /// The messages that were given up and not sent again, latest first.
    List<TaskLine> dead(int limit) {
        return database.query(LINE + """
                        where t.id in (select task_id from deliveries where phase = 'dead' and resent_as is null
                            order by id desc limit ?)
                        order by t.state_at desc
                        """, BoardStore::line, limit);
    }

    /// A task with all that was asked for in its course, from the first that was asked for on.
    List<TaskLine> tree(UUID task) {
        return database.query(
                """
                with recursive up as (
                    select id, parent, 0 as far from tasks where id = ?
                    union all select t.id, t.parent, up.far + 1 from up join tasks t on t.id = up.parent where up.far < 100),
                down as (
                    (select id, 0 as deep from up order by far desc limit 1)
                    union all select t.id, down.deep + 1 from down join tasks t on t.parent = down.id where down.deep < 100)
                """ + LINE + " where t.id in (select id from down limit 500) order by t.created_at, t.id",
                BoardStore::line,
                task);
    }

    /// What is on its way.
    Traffic traffic(Instant now) {
        var boxes = database.query(
                "select workspace_id, queued, running from mailboxes where queued > 0 or running > 0 order by workspace_id limit ?",
                row -> new Traffic.Box(
                        new WorkspaceId(row.uuid("workspace_id")), row.count("queued"), row.count("running")),
                LINES_MAX);
        var lines = database.query(
                """
                select owner, target, count(*) filter (where phase in ('queued', 'leased')) as open,
                    count(*) filter (where created_at > ?) as recent
                from deliveries where phase in ('queued', 'leased') or created_at > ?
                group by owner, target order by owner, target limit ?
                """,
                row -> new Traffic.Line(
                        new Owner(row.uuid("owner")),
                        new WorkspaceId(row.uuid("target")),
                        row.count("open"),
                        row.count("recent")),
                now.minus(RECENT),
                now.minus(RECENT),
                LINES_MAX);
        var dead = database.first("""
                        select (select count(*) from deliveries where phase = 'dead' and resent_as is null)
                            + (select count(*) from pushes where phase = 'dead') as dead
                        """, row -> row.count("dead")).orElse(0);
        return new Traffic(boxes, lines, dead);
    }

    private static TaskLine line(Row row) {
        return new TaskLine(
                row.uuid("id"),
                new WorkspaceId(row.uuid("target")),
                new Owner(row.uuid("owner")),
                row.uuidOrNull("parent"),
                row.text("state"),
                row.text("text"),
                row.text("phase"),
                row.count("attempts"),
                row.text("problem"),
                row.uuidOrNull("resent_as"),
                row.instant("created_at"),
                row.instant("state_at"));
    }
}
