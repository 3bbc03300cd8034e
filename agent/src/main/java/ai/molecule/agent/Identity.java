package ai.molecule.agent;

import ai.molecule.agent.uplink.Addresses;
import ai.molecule.protocol.Network;
import ai.molecule.protocol.WorkspaceId;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Who a program is that works for an agent beside it, and does not join itself.
///
/// @param token the agent's own
record Identity(Addresses platform, WorkspaceId workspace, String token, Map<String, String> environment) {

    private static final String TOKEN = "MOLECULE_WORKSPACE_TOKEN";

    /// Reads the environment, or else a state directory.
    ///
    /// @param state null for the usual one
    /// @throws IllegalArgumentException when neither says who it is
    static Identity of(Map<String, String> environment, @Nullable Path state) throws IOException {
        var named = WorkspaceId.parse(environment.getOrDefault("WORKSPACE_ID", ""));
        var token = environment.getOrDefault(TOKEN, "");
        if (state == null && named.isPresent() && !token.isEmpty()) {
            var platform = environment.getOrDefault("PLATFORM_URL", "http://localhost:8080");
            return new Identity(Addresses.of(platform), named.get(), token, environment);
        }
        var home = new StateDirectory(state == null ? StateDirectory.usual() : state);
        var member = home.membership();
        if (member.isEmpty() || !home.hasCredential()) {
            throw new IllegalArgumentException("who is this? No agent joined on " + home.path()
                    + " yet; or name the workspace with WORKSPACE_ID and " + TOKEN);
        }
        return new Identity(member.get().platform(), member.get().workspace(), home.credential(), environment);
    }

    PlatformLine line() {
        var line = new PlatformLine(platform, Network.of(environment));
        line.use(token);
        line.workFor(workspace);
        return line;
    }

    @Override
    public String toString() {
        return "workspace " + workspace + " at " + platform;
    }
}
