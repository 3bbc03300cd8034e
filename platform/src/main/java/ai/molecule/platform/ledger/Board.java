package ai.molecule.platform.ledger;

import ai.molecule.platform.store.Database;
import ai.molecule.protocol.WorkspaceId;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// What people see of the ledger: tasks in lists and trees, messages that were given up, and what is on its
/// way.
public final class Board {

    private final BoardStore store;
    private final InstantSource clock;

    public Board(Database database, InstantSource clock) {
        this.store = new BoardStore(database);
        this.clock = clock;
    }

    /// The latest tasks that a workspace asked for or was asked for, newest first.
    public List<TaskLine> of(WorkspaceId workspace, int limit) {
        return store.of(workspace, limit);
    }

    /// The latest tasks that a workspace asked others for, newest first.
    public List<TaskLine> askedBy(WorkspaceId workspace, int limit) {
        return store.askedBy(workspace, limit);
    }

    /// One task.
    public Optional<TaskLine> find(UUID task) {
        return store.find(task);
    }

    /// The messages that were given up and not sent again, latest first.
    public List<TaskLine> dead(int limit) {
        return store.dead(limit);
    }

    /// The whole tree that a task belongs to, its first task first.
    public List<TaskLine> tree(UUID task) {
        return store.tree(task);
    }

    /// What is on its way in the whole organisation.
    public Traffic traffic() {
        return store.traffic(clock.instant());
    }
}
