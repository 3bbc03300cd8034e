package ai.molecule.platform.workspace;

import ai.molecule.platform.store.Database;
import ai.molecule.platform.store.Row;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// The SQL of instances, and of what is to be done about them.
final class InstanceStore {

    private final Database database;

    InstanceStore(Database database) {
        this.database = database;
    }

    Optional<Instance> find(WorkspaceId workspace) {
        return database.first(
                "select * from instances where workspace_id = ?", InstanceStore::instance, workspace.value());
    }

    /// The instance, held until the transaction ends.
    Optional<Instance> hold(WorkspaceId workspace) {
        return database.first(
                "select * from instances where workspace_id = ? for update",
                InstanceStore::instance,
                workspace.value());
    }

    List<Instance> all() {
        return database.query("select * from instances", InstanceStore::instance);
    }

    void put(Instance instance, Instant now) {
        database.update(
                """
                insert into instances (workspace_id, generation, backend, phase, handle, address, headers, resumed, deaths, not_before, changed_at)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                on conflict (workspace_id) do update set generation = excluded.generation, backend = excluded.backend,
                    phase = excluded.phase, handle = excluded.handle, address = excluded.address, headers = excluded.headers, resumed = excluded.resumed,
                    deaths = excluded.deaths, not_before = excluded.not_before, changed_at = excluded.changed_at
                """,
                instance.workspace().value(),
                instance.generation(),
                instance.backend(),
                instance.phase().name().toLowerCase(Locale.ROOT),
                instance.handle(),
                instance.address(),
                Json.texts(instance.headers()),
                instance.resumed(),
                instance.deaths(),
                instance.notBefore(),
                now);
    }

    void delete(WorkspaceId workspace) {
        database.update("delete from instances where workspace_id = ?", workspace.value());
    }

    /// The workspaces whose agent is not as their row wants it, longest waiting first.
    ///
    /// @param startPatience how long an agent that was started is left alone
    /// @param silentSince before when one that runs must have been declared offline to be replaced
    List<WorkspaceId> unsettled(Instant now, Duration startPatience, Instant silentSince, int limit) {
        return database.query(
                """
                select w.id from workspaces w left join instances i on i.workspace_id = w.id
                where (w.backend = 'external' and (i.workspace_id is not null or (w.status = 'removed' and w.ran_at <> '')))
                    or w.backend <> 'external' and (
                    (w.status = 'provisioning' and coalesce(i.not_before, '-infinity') <= ?
                        and (i.workspace_id is null or i.generation < w.generation or i.phase <> 'running'
                            or i.not_before < ?))
                    or (w.status = 'offline' and i.phase = 'dead' and i.not_before <= ?)
                    or (w.status = 'offline' and i.phase = 'running' and w.status_since < ?)
                    or (w.status in ('online', 'degraded', 'offline') and i.phase = 'intended')
                    or (w.status in ('paused', 'hibernated', 'failed', 'removed') and i.workspace_id is not null)
                    or (w.status = 'removed' and w.ran_at <> ''))
                order by w.status_since limit ?
                """, row -> new WorkspaceId(row.uuid("id")), now, now.minus(startPatience), now, silentSince, limit);
    }

    private static Instance instance(Row row) {
        return new Instance(
                new WorkspaceId(row.uuid("workspace_id")),
                row.number("generation"),
                row.text("backend"),
                Instance.Phase.valueOf(row.text("phase").toUpperCase(Locale.ROOT)),
                row.text("handle"),
                row.text("address"),
                Json.texts(row.text("headers")),
                row.flag("resumed"),
                row.count("deaths"),
                row.instant("not_before"));
    }
}
