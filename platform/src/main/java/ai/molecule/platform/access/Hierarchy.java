package ai.molecule.platform.access;

import ai.molecule.platform.store.Database;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.WorkspaceId;
import java.util.List;

/// Who may talk to whom: oneself, siblings (all roots are siblings), ancestors and descendants at any distance.
/// The operator may to all.
public final class Hierarchy {

    private final HierarchyStore store;

    public Hierarchy(Database database) {
        this.store = new HierarchyStore(database);
    }

    /// True when the rule lets the caller talk to the target.
    public boolean mayTalk(Caller caller, WorkspaceId target) {
        return switch (caller) {
            case Caller.Admin _ -> true;
            case Caller.Agent agent -> mayTalk(agent.workspace(), target);
            case Caller.Enrolled _ -> false;
        };
    }

    /// True when the rule lets one workspace talk to another; both must exist.
    public boolean mayTalk(WorkspaceId caller, WorkspaceId target) {
        if (caller.equals(target)) {
            return true;
        }
        var lineages = store.lineages(caller, target);
        var up = lineages.get(caller);
        var down = lineages.get(target);
        if (up == null || down == null) {
            return false;
        }
        return up.contains(target) || down.contains(caller) || parent(up).equals(parent(down));
    }

    /// Refuses a caller whom the rule keeps from the target.
    ///
    /// @throws Refusal `forbidden`
    public void checkMayTalk(Caller caller, WorkspaceId target) {
        if (!mayTalk(caller, target)) {
            throw new Refusal(
                    Refusal.Reason.FORBIDDEN,
                    "Expected a sibling, an ancestor or a descendant of workspace " + target
                            + ", but the caller is none");
        }
    }

    private static List<WorkspaceId> parent(List<WorkspaceId> lineage) {
        return lineage.subList(1, Math.min(2, lineage.size()));
    }
}
