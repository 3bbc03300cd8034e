package ai.molecule.platform.registry;

import ai.molecule.platform.store.Database;
import ai.molecule.protocol.WorkspaceId;
import java.util.Optional;

/// The SQL of routes.
final class RouteStore {

    private final Database database;

    RouteStore(Database database) {
        this.database = database;
    }

    record Found(boolean external, boolean reachable, String address, long epoch) {}

    Optional<Found> find(WorkspaceId workspace) {
        return database.first(
                """
                select w.backend = 'external' as external, w.status in ('online', 'degraded') as reachable, w.epoch,
                       case when w.backend = 'external' then w.url else coalesce(i.address, '') end as address
                from workspaces w left join instances i on i.workspace_id = w.id where w.id = ?
                """,
                row -> new Found(row.flag("external"), row.flag("reachable"), row.text("address"), row.number("epoch")),
                workspace.value());
    }
}
