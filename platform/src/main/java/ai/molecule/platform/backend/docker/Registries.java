package ai.molecule.platform.backend.docker;

import com.github.dockerjava.api.model.AuthConfig;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Credentials for image registries, each by its host; they go along with a pull and nowhere else.
///
/// @param byHost the registry's host, with its port where it has one
public record Registries(Map<String, Credential> byHost) {

    /// None.
    public static final Registries NONE = new Registries(Map.of());

    private static final String DOCKER_HUB = "docker.io";

    public Registries {
        byHost = Map.copyOf(byHost);
    }

    /// Who asks.
    public record Credential(String user, String password) {
        @Override
        public String toString() {
            return user + ":…";
        }
    }

    /// Reads `ghcr.io=user:password` and the like.
    ///
    /// @throws IllegalArgumentException when one is not of this form; the message does not repeat it
    public static Registries parse(List<String> entries) {
        var byHost = new HashMap<String, Credential>();
        for (var entry : entries) {
            var equals = entry.indexOf('=');
            var colon = entry.indexOf(':', equals);
            if (equals < 1 || colon < equals + 2 || colon == entry.length() - 1) {
                throw new IllegalArgumentException("expected host=user:password, with commas between");
            }
            byHost.put(
                    entry.substring(0, equals),
                    new Credential(entry.substring(equals + 1, colon), entry.substring(colon + 1)));
        }
        return new Registries(byHost);
    }

    /// What to show the registry that an image comes from.
    Optional<AuthConfig> of(String image) {
        var host = host(image);
        return Optional.ofNullable(byHost.get(host))
                .map(found -> new AuthConfig()
                        .withRegistryAddress(host)
                        .withUsername(found.user())
                        .withPassword(found.password()));
    }

    /// The registry in a reference: its first part, when that looks like a host.
    static String host(String image) {
        var slash = image.indexOf('/');
        var first = slash < 0 ? "" : image.substring(0, slash);
        return first.contains(".") || first.contains(":") || first.equals("localhost") ? first : DOCKER_HUB;
    }
}
