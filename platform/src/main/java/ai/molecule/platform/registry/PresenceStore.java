package ai.molecule.platform.registry;

import ai.molecule.platform.store.Database;
import ai.molecule.platform.store.SqlArray;
import ai.molecule.platform.workspace.Life;
import ai.molecule.protocol.WorkspaceId;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/// The SQL of presence: many agents in one statement.
final class PresenceStore {

    private final Database database;

    PresenceStore(Database database) {
        this.database = database;
    }

    /// What an agent is busy with.
    record Tasks(int active, String current) {
        static final Tasks NONE = new Tasks(0, "");
    }

    void write(Map<WorkspaceId, Heartbeats.Beat> beats) {
        var all = List.copyOf(beats.values());
        // A beat lost with the machine comes again within 30 s; it need not wait for the disk.
        database.update("set local synchronous_commit = off");
        database.update(
                """
                insert into presence (workspace_id, last_heartbeat, error_rate, sample_error, active_tasks, current_task,
                                      uptime_seconds, wedged)
                select beat.* from unnest(?, ?, ?, ?, ?, ?, ?, ?)
                    as beat(workspace_id, last_heartbeat, error_rate, sample_error, active_tasks, current_task, uptime_seconds, wedged)
                join workspaces w on w.id = beat.workspace_id and w.status <> 'removed'
                on conflict (workspace_id) do update set last_heartbeat = excluded.last_heartbeat,
                    error_rate = excluded.error_rate, sample_error = excluded.sample_error,
                    active_tasks = excluded.active_tasks, current_task = excluded.current_task,
                    uptime_seconds = excluded.uptime_seconds, wedged = excluded.wedged
                """,
                column("uuid", all, beat -> beat.heartbeat().workspaceId().value()),
                column("timestamptz", all, beat -> beat.at().atOffset(ZoneOffset.UTC)),
                column("float8", all, beat -> beat.heartbeat().errorRate()),
                column("text", all, beat -> beat.heartbeat().sampleError()),
                column("int4", all, beat -> beat.heartbeat().activeTasks()),
                column("text", all, beat -> beat.heartbeat().currentTask()),
                column("int8", all, beat -> beat.heartbeat().uptimeSeconds()),
                column("bool", all, beat -> beat.heartbeat().wedged()));
    }

    Map<WorkspaceId, Tasks> tasks(Collection<WorkspaceId> ids) {
        return database
                .query(
                        "select workspace_id, active_tasks, current_task from presence where workspace_id = any(?)",
                        row -> Map.entry(
                                new WorkspaceId(row.uuid("workspace_id")),
                                new Tasks(row.count("active_tasks"), row.text("current_task"))),
                        ids(ids))
                .stream()
                .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
    }

    List<WorkspaceId> existing(Collection<WorkspaceId> ids) {
        return ids.isEmpty()
                ? List.of()
                : database.query(
                        "select id from workspaces where id = any(?) and status <> 'removed'",
                        row -> new WorkspaceId(row.uuid("id")),
                        ids(ids));
    }

    /// Those of the agents whose last beat changes the life of their workspace.
    List<WorkspaceId> changed(Collection<WorkspaceId> ids) {
        return database.query("""
                select w.id from workspaces w join presence p on p.workspace_id = w.id
                where w.id = any(?) and (
                    (w.status = 'offline' and p.last_heartbeat > w.status_since)
                    or (w.status = 'online' and (p.error_rate >= 0.5 or p.wedged))
                    or (w.status = 'degraded' and p.error_rate < 0.1 and not p.wedged
                        and not starts_with(w.status_reason, ?)))
                """, row -> new WorkspaceId(row.uuid("id")), ids(ids), Life.UNHEALTHY);
    }

    /// The agents that count as alive and were not heard, nor came to their state, for the whole patience.
    List<WorkspaceId> silent(Instant now, Duration patience, Instant listeningSince) {
        if (now.minus(patience).isBefore(listeningSince)) {
            return List.of();
        }
        return database.query("""
                select w.id from workspaces w left join presence p on p.workspace_id = w.id
                where w.status in ('online', 'degraded') and greatest(p.last_heartbeat, w.status_since) < ?
                limit 1000
                """, row -> new WorkspaceId(row.uuid("id")), now.minus(patience));
    }

    private static SqlArray ids(Collection<WorkspaceId> ids) {
        return new SqlArray("uuid", ids.stream().map(WorkspaceId::value).toList());
    }

    private static SqlArray column(String type, List<Heartbeats.Beat> beats, Function<Heartbeats.Beat, Object> field) {
        return new SqlArray(type, beats.stream().map(field).toList());
    }
}
