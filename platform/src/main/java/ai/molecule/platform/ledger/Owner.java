package ai.molecule.platform.ledger;

import ai.molecule.platform.access.Caller;
import ai.molecule.protocol.WorkspaceId;
import java.util.Optional;
import java.util.UUID;

/// Whose a task is: a workspace's, or the operator's, who is written as the zero id.
public record Owner(UUID value) {

    /// The operator.
    public static final Owner OPERATOR = new Owner(new UUID(0, 0));

    /// A workspace as the owner of what it asks for.
    public static Owner of(WorkspaceId workspace) {
        return new Owner(workspace.value());
    }

    /// Who calls, as the owner of what it asks for.
    public static Owner of(Caller caller) {
        return switch (caller) {
            case Caller.Admin _ -> OPERATOR;
            case Caller.Agent(var workspace, var _) -> of(workspace);
            case Caller.Enrolled(var workspace) -> of(workspace);
        };
    }

    /// The workspace, empty for the operator.
    public Optional<WorkspaceId> workspace() {
        return equals(OPERATOR) ? Optional.empty() : Optional.of(new WorkspaceId(value));
    }
}
