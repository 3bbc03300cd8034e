package ai.molecule.platform.registry;

import ai.molecule.platform.store.Database;
import ai.molecule.protocol.WorkspaceId;
import java.util.List;

/// Whom an agent sees around it: parent, siblings and children.
public final class Peers {

    private final PeerStore store;

    public Peers(Database database) {
        this.store = new PeerStore(database);
    }

    /// The ids of a workspace's peers, oldest first.
    public List<WorkspaceId> of(WorkspaceId workspace) {
        return store.around(workspace);
    }
}
