package ai.molecule.platform.registry;

import ai.molecule.platform.store.Database;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.WorkspaceId;
import java.util.Optional;

/// The SQL of routes.
final class RouteStore {

    private final Database database;

    RouteStore(Database database) {
        this.database = database;
    }

    record Found(boolean external, String address, A2aVersion speaks, boolean streams, long epoch) {}

    Optional<Found> find(WorkspaceId workspace) {
        return database.first(
                "select external, address, speaks, streams, epoch from ways where workspace_id = ? and reachable",
                row -> new Found(
                        row.flag("external"),
                        row.text("address"),
                        A2aVersion.negotiate(row.text("speaks")).orElse(A2aVersion.V0_3),
                        row.flag("streams"),
                        row.number("epoch")),
                workspace.value());
    }
}
