package ai.molecule.platform.registry;

import ai.molecule.platform.store.Database;
import ai.molecule.protocol.WorkspaceId;
import java.util.List;

/// The SQL of peers.
final class PeerStore {

    private final Database database;

    PeerStore(Database database) {
        this.database = database;
    }

    List<WorkspaceId> around(WorkspaceId workspace) {
        return database.query("""
                select p.id from workspaces me join workspaces p
                    on p.id <> me.id and p.status <> 'removed'
                    and (p.parent_id = me.id or p.id = me.parent_id or p.parent_id is not distinct from me.parent_id)
                where me.id = ? order by p.created_at, p.id
                """, row -> new WorkspaceId(row.uuid("id")), workspace.value());
    }
}
