package ai.molecule.platform.registry;

import ai.molecule.platform.access.Keys;
import ai.molecule.platform.store.Database;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.WorkspaceId;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Where the current agent of a workspace is reached from here. What a backend started is reached where the
/// backend says; only an external agent is reached where it says itself.
public final class Routes {

    private final RouteStore store;
    private final UrlGuard urls;
    private final Keys keys;

    public Routes(Database database, UrlGuard urls, Keys keys) {
        this.store = new RouteStore(database);
        this.urls = urls;
        this.keys = keys;
    }

    /// The way to an agent.
    ///
    /// @param uplinked true when the address is that of the platform's process at which the agent's uplink ends
    /// @param guarded true when the agent said its address itself, so that it may lead anywhere
    /// @param headers what a call must carry beside
    /// @param speaks the A2A version to speak with it
    /// @param streams true when it can answer with a stream
    /// @param epoch which life of the agent it is
    /// @param secret what proves to the agent, or to the process before it, that the platform calls
    public record Route(
            WorkspaceId workspace,
            URI address,
            boolean uplinked,
            boolean guarded,
            Map<String, String> headers,
            String secret,
            A2aVersion speaks,
            boolean streams,
            long epoch) {
        public Route {
            headers = Map.copyOf(headers);
        }
    }

    /// The way to the workspace's agent, or empty while there is none.
    public Optional<Route> to(WorkspaceId workspace) {
        return store.find(workspace).map(way -> along(workspace, way));
    }

    /// A workspace whose agent rested.
    ///
    /// @param generation the start with which it goes on
    public record Rested(WorkspaceId workspace, long generation) {}

    /// The workspaces whose agents rested and are started again, and have not been heard yet.
    public List<Rested> resumed() {
        return store.resumed();
    }

    /// The way to an agent that rested, which may still be the same.
    public Optional<Route> toResumed(WorkspaceId workspace) {
        return store.anyway(workspace).map(way -> along(workspace, way));
    }

    /// How the workspace's agent is reached, or empty while there is none.
    public Optional<Way> way(WorkspaceId workspace) {
        return store.find(workspace);
    }

    /// True while a workspace's agent counts as alive, though its uplink broke just now.
    public boolean expectsUplink(WorkspaceId workspace) {
        return store.expectsUplink(workspace);
    }

    /// The route that a way makes, for who knows the way already.
    ///
    /// @throws Refusal `invalid_url` when it leads where no agent may be called
    public Route along(WorkspaceId workspace, Way way) {
        return new Route(
                workspace,
                way.external() ? urls.checkBeforeCall(way.address()) : way.target(),
                way.uplinked(),
                way.external(),
                way.headers(),
                way.uplinked() ? keys.relaySecret(workspace) : keys.inboundSecret(workspace, way.epoch()),
                way.speaks(),
                way.streams(),
                way.epoch());
    }
}
