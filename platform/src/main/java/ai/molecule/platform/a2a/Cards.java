package ai.molecule.platform.a2a;

import ai.molecule.platform.workspace.Workspaces;
import ai.molecule.protocol.AgentCard;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.util.function.Supplier;

/// The cards of all workspaces, computed from what the agent registered and where the platform is; also while
/// the agent sleeps.
public final class Cards {

    private final Workspaces workspaces;
    private final Supplier<URI> platformUrl;

    public Cards(Workspaces workspaces, Supplier<URI> platformUrl) {
        this.workspaces = workspaces;
        this.platformUrl = platformUrl;
    }

    /// The card of a workspace, for readers of both versions.
    public ObjectNode of(WorkspaceId id) {
        return AgentCard.forBoth(current(id), endpoint(id));
    }

    /// The card of a workspace in the words of 1.0 alone.
    public ObjectNode current(WorkspaceId id) {
        var workspace = workspaces.require(id);
        var profile = workspace.profile();
        return AgentCard.published(
                workspace.guest().card(),
                profile.name(),
                profile.role().isEmpty() ? profile.name() : profile.role(),
                endpoint(id));
    }

    /// Where a workspace's agent is reached by everybody but the platform itself; ends with a slash.
    public String endpoint(WorkspaceId id) {
        return platformUrl.get().resolve("/workspaces/" + id + "/a2a/").toString();
    }
}
