package ai.molecule.platform.registry;

import ai.molecule.platform.access.Keys;
import ai.molecule.platform.store.Database;
import ai.molecule.protocol.WorkspaceId;
import java.net.URI;
import java.util.Optional;

/// Where the current agent of a workspace is reached from here. What a backend started is reached where the backend
/// says; only an external
/// agent is reached where it says itself.
public final class Routes {

    private final RouteStore store;
    private final AgentUrls urls;
    private final Keys keys;

    public Routes(Database database, AgentUrls urls, Keys keys) {
        this.store = new RouteStore(database);
        this.urls = urls;
        this.keys = keys;
    }

    /// The way to an agent.
    ///
    /// @param inboundSecret what proves to the agent that the platform calls
    public record Route(URI address, String inboundSecret) {}

    /// The way to the workspace's agent, or empty while there is none.
    public Optional<Route> to(WorkspaceId workspace) {
        return store.find(workspace)
                .filter(found -> found.reachable() && !found.address().isEmpty())
                .map(found -> new Route(
                        found.external() ? urls.checkBeforeCall(found.address()) : URI.create(found.address()),
                        keys.inboundSecret(workspace, found.epoch())));
    }
}
