package ai.molecule.platform;

import ai.molecule.platform.backend.Backend;
import ai.molecule.platform.backend.BackendAwayException;
import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.docker.DockerBackend;
import ai.molecule.platform.backend.flyio.FlyBackend;
import ai.molecule.platform.backend.process.AgentProgram;
import ai.molecule.platform.backend.process.ProcessBackend;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The backends that are open in this house, which of them is the standard one, and how agents on each reach
/// us.
final class Backends {

    private static final Logger LOG = LoggerFactory.getLogger(Backends.class);
    private static final Set<String> EVERYWHERE = Set.of("0.0.0.0", "::");
    private static final Set<String> HERE = Set.of("localhost", "127.0.0.1", "::1", "[::1]");

    private final Map<String, Backend> open = new HashMap<>();
    private final String standard;
    private final String shown;
    private final @Nullable DockerBackend docker;
    private String withoutDocker = "";
    private int agentsPort;
    private Optional<URI> named = Optional.empty();

    /// Opens those that can be had; `process` always.
    ///
    /// @param opened where each goes, to be closed
    Backends(Containers containers, Path dataDirectory, Path agentJar, UUID platform, Deque<AutoCloseable> opened)
            throws IOException, BackendException {
        var process = ProcessBackend.open(dataDirectory, AgentProgram.beside(agentJar));
        opened.push(process);
        open.put(process.name(), process);
        docker = openDocker(containers, platform);
        if (docker != null) {
            opened.push(docker);
            open.put(docker.name(), docker);
        }
        if (containers.fly().isPresent()) {
            var fly = FlyBackend.open(containers.fly().get().of(platform));
            opened.push(fly);
            open.put(fly.name(), fly);
        }
        standard = containers.backend().orElse(docker == null ? process.name() : docker.name());
        var why = containers.backend().isPresent()
                ? "as CONTAINER_BACKEND says"
                : docker == null
                        ? withoutDocker + "; agents run as local processes"
                        : "its engine answers at " + containers.engine();
        shown = standard + " (" + why + ")";
    }

    private @Nullable DockerBackend openDocker(Containers containers, UUID platform) throws BackendException {
        if (containers.backend().filter("process"::equals).isPresent()) {
            return null;
        }
        try {
            return DockerBackend.open(containers.docker(platform));
        } catch (BackendException cannot) {
            if (containers.backend().filter("docker"::equals).isPresent()) {
                throw cannot;
            }
            LOG.debug("No docker backend", cannot);
            withoutDocker = cannot instanceof BackendAwayException
                    ? "no Docker engine answers at " + containers.engine()
                    : String.valueOf(cannot.getMessage());
            return null;
        }
    }

    Map<String, Backend> all() {
        return Map.copyOf(open);
    }

    String standard() {
        return standard;
    }

    /// The standard one and why, for people.
    String shown() {
        return shown;
    }

    /// Where else to listen, so that agents in containers reach us though everybody else does on a loopback
    /// address.
    Optional<String> agentsAddress(String host) {
        return docker == null || EVERYWHERE.contains(host) ? Optional.empty() : docker.listenAt();
    }

    /// The door is open.
    ///
    /// @param port the one that agents in containers come to
    /// @param platformUrl what the operator named
    void listening(int port, Optional<URI> platformUrl) {
        agentsPort = port;
        named = platformUrl;
        if (docker != null) {
            docker.serve(platformUrl(docker, platformUrl.orElse(URI.create("http://127.0.0.1:" + port + "/"))));
        }
    }

    /// How agents on a backend reach the platform: as the operator says. A loopback address, which is another
    /// machine's inside a container, is the backend's to translate; all it needs is the port.
    URI platformUrl(Backend backend, URI platformUrl) {
        var reachable = named.filter(url -> !HERE.contains(url.getHost())).isPresent();
        return backend != docker || reachable ? platformUrl : URI.create("http://127.0.0.1:" + agentsPort + "/");
    }
}
