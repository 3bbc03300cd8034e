package ai.molecule.platform.backend.flyio;

import java.net.URI;
import java.util.Map;

/// How the platform reaches its machines.
public sealed interface FlyReach {

    /// Through the app's public address, each call naming the one machine it is for, so that Fly's proxy hands
    /// it to no other.
    ///
    /// @param app the app's public address
    record Public(URI app) implements FlyReach {}

    /// By the machine's name in the organisation's private network (6PN), where the platform is in there too.
    /// Nothing is open to anybody outside.
    record Private() implements FlyReach {}

    /// Where the platform finds a machine.
    default URI address(String app, String machine, int port) {
        return switch (this) {
            case Public(var address) -> address.resolve("/");
            case Private() -> URI.create("http://" + machine + ".vm." + app + ".internal:" + port + "/");
        };
    }

    /// What the platform's calls to a machine carry.
    ///
    /// Source: Fly's documentation of dynamic request routing.
    default Map<String, String> headers(String machine) {
        return switch (this) {
            case Public _ -> Map.of("fly-force-instance-id", machine);
            case Private() -> Map.of();
        };
    }
}
