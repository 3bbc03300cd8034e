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

    Optional<Way> find(WorkspaceId workspace) {
        return database.first(
                "select external, address, headers, speaks, streams, epoch from ways where workspace_id = ? and reachable",
                Way::of,
                workspace.value());
    }
}
