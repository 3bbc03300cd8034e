package ai.molecule.platform.registry;

import ai.molecule.platform.store.Database;
import ai.molecule.protocol.WorkspaceId;
import java.util.List;
import java.util.Optional;

/// The SQL of routes.
final class RouteStore {

    private final Database database;

    RouteStore(Database database) {
        this.database = database;
    }

    /// The workspaces whose agents rested and are started again, and have not been heard yet.
    List<Routes.Rested> resumed() {
        return database.query(
                """
                select i.workspace_id, i.generation from instances i join workspaces w on w.id = i.workspace_id
                where i.resumed and i.phase = 'running' and w.status = 'provisioning' and i.generation = w.generation
                limit 1000
                """, row -> new Routes.Rested(new WorkspaceId(row.uuid("workspace_id")), row.number("generation")));
    }

    /// How an agent would be reached, whatever state its workspace is in.
    Optional<Way> anyway(WorkspaceId workspace) {
        return database.first(
                "select external, address, headers, speaks, streams, epoch from ways where workspace_id = ? and address <> ''",
                Way::of,
                workspace.value());
    }

    boolean expectsUplink(WorkspaceId workspace) {
        return database.first(
                        "select 1 as one from workspaces where id = ? and delivery = 'uplink' and status in ('online', 'degraded')",
                        row -> true,
                        workspace.value())
                .isPresent();
    }

    Optional<Way> find(WorkspaceId workspace) {
        return database.first(
                "select external, address, headers, speaks, streams, epoch from ways where workspace_id = ? and reachable",
                Way::of,
                workspace.value());
    }
}
