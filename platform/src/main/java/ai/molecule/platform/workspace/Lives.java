package ai.molecule.platform.workspace;

import ai.molecule.platform.access.Gone;
import ai.molecule.platform.backend.Backend;
import ai.molecule.platform.journal.Journal;
import ai.molecule.platform.store.Database;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.WorkspaceId;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// The one way in which a workspace's row changes: read it, decide, write it over the version that was read,
/// tell the journal.
///
/// Who loses the race reads again and decides anew. Durable: the row and its fact commit together.
public final class Lives {

    /// The channel on which it is announced that somebody paused a workspace, or let it go on; the payload is the
    /// workspace.
    public static final String CHANNEL = "paused";

    private static final int TRIES_MAX = 20;

    private final Database database;
    private final WorkspaceStore store;
    private final StayStore stays;
    private final WorkspaceFacts facts;

    public Lives(Database database, Journal journal) {
        this.database = database;
        this.store = new WorkspaceStore(database);
        this.stays = new StayStore(database);
        this.facts = new WorkspaceFacts(journal);
    }

    /// Changes a workspace.
    ///
    /// @param step what becomes of it; the same value changes nothing
    /// @return the workspace afterwards
    /// @throws Refusal `workspace_not_found`, or whatever the step refuses
    public Workspace change(WorkspaceId id, UnaryOperator<Workspace> step) {
        for (int tries = 0; tries < TRIES_MAX; tries++) {
            var done = database.inTransaction(() -> {
                var before = store.find(id).orElseThrow(() -> notFound(id));
                var after = step.apply(before);
                if (after.equals(before)) {
                    return before;
                }
                if (!store.update(after)) {
                    return null;
                }
                if (!before.life().status().equals(after.life().status())) {
                    stays.ended(before, after.life().since());
                }
                if (before.life() instanceof Life.Paused != after.life() instanceof Life.Paused) {
                    store.announce(CHANNEL, id);
                }
                facts.changed(before, after);
                return after;
            });
            if (done != null) {
                return done;
            }
        }
        throw new Refusal(
                Refusal.Reason.CONFLICT, "Expected to change workspace " + id + ", but others kept changing it");
    }

    /// A workspace as it is now, removed ones too.
    public Optional<Workspace> find(WorkspaceId id) {
        return store.find(id);
    }

    /// A backend is about to run a workspace's agent.
    void ranAt(WorkspaceId id, String backend) {
        store.ranAt(id, backend);
    }

    /// Nothing of a workspace is left anywhere.
    void leftNothing(WorkspaceId id) {
        store.leftNothing(id);
    }

    /// The other backends at which something of a workspace may be left.
    List<String> leftAt(WorkspaceId id, String backend) {
        return store.ranAt(id).stream()
                .filter(name -> !name.isEmpty() && !name.equals(backend))
                .toList();
    }

    /// What a workspace still has a right to at its backend.
    Backend.Claim claim(WorkspaceId id) {
        return store.find(id)
                .map(found -> !(found.life() instanceof Life.Removed)
                        ? Backend.Claim.EVERYTHING
                        : store.keepsData(id) ? Backend.Claim.DATA : Backend.Claim.NOTHING)
                .orElse(Backend.Claim.NOTHING);
    }

    /// Holds a workspace's row until the transaction that is open ends; for whoever changes more than the row,
    /// before anything else.
    public void hold(WorkspaceId id) {
        store.hold(id);
    }

    /// A workspace that is not removed.
    ///
    /// @throws Refusal `workspace_removed`
    static Workspace present(Workspace found) {
        if (found.life() instanceof Life.Removed(var at, var _)) {
            throw new Refusal(
                    Refusal.Reason.WORKSPACE_REMOVED,
                    "Expected a workspace, but " + found.id() + " was removed",
                    new Gone(found.id(), at));
        }
        return found;
    }

    static Refusal notFound(WorkspaceId id) {
        return new Refusal(Refusal.Reason.WORKSPACE_NOT_FOUND, "Expected workspace " + id + ", but there is none");
    }
}
