package ai.molecule.platform;

import ai.molecule.platform.backend.AgentRuntime;
import ai.molecule.platform.backend.HostRules;
import ai.molecule.platform.backend.docker.DockerSettings;
import ai.molecule.platform.backend.docker.Registries;
import ai.molecule.platform.backend.docker.Subnets;
import ai.molecule.platform.workspace.Profile;
import ai.molecule.platform.workspace.Runtimes;
import ai.molecule.platform.workspace.Spares;
import ai.molecule.protocol.WireException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// Reads what is set about where agents run, and the file of runtimes.
final class ContainerReader {

    private static final long FILE_BYTES_MAX = 1 << 20;
    private static final int SPARES_MAX = 100;
    private static final List<String> SYSTEM = List.of(
            "bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "proc", "root", "run", "sbin", "sys", "usr", "var");

    private final Settings.Reader reader;

    ContainerReader(Settings.Reader reader) {
        this.reader = reader;
    }

    Containers read() {
        var runtimes = new ArrayList<>(Runtimes.ours(reader.text(Variable.WORKSPACE_IMAGE_PREFIX)));
        runtimes.addAll(fromFile());
        return new Containers(
                backend(),
                runtimes,
                allowed(runtimes),
                engine(),
                certificates(),
                reader.value(Variable.DOCKER_SUBNETS, new Subnets(0, 0), Subnets::parse),
                reader.oneOf(Variable.WORKSPACE_NETWORK, Set.of("", "host")).isEmpty()
                        ? DockerSettings.Network.OWN
                        : DockerSettings.Network.HOST,
                reader.oneOf(Variable.WORKSPACE_FENCE, Set.of("on", "off")).equals("on"),
                registries(),
                reader.text(Variable.WORKSPACE_IMAGE_PREFIX) + "echo:latest",
                new Spares.Wanted(
                        reader.number(Variable.WARM_POOL_SIZE, 0, SPARES_MAX),
                        reader.list(Variable.WARM_POOL_RUNTIMES, name -> known(name, runtimes)),
                        ""),
                new FlyReader(reader).read(),
                new HostRules(
                        roots(),
                        reader.oneOf(Variable.ALLOW_PRIVILEGED_WORKSPACES, Set.of("on", "off"))
                                .equals("on")));
    }

    private Registries registries() {
        return reader.optional(Variable.REGISTRY_CREDENTIALS, text -> Registries.parse(List.of(text.split(",", -1))))
                .orElse(Registries.NONE);
    }

    private Optional<String> backend() {
        var backend = reader.text(Variable.CONTAINER_BACKEND);
        return backend.isEmpty()
                ? Optional.empty()
                : Optional.of(reader.oneOf(Variable.CONTAINER_BACKEND, Set.of("docker", "flyio", "process")));
    }

    private String engine() {
        var host = reader.text(Variable.DOCKER_HOST);
        if (!host.isEmpty() && !host.matches("unix:///.+|tcp://[^/]+:[0-9]+")) {
            reader.fault("DOCKER_HOST: expected unix:///path or tcp://host:port, but found " + host
                    + (host.startsWith("ssh:") ? "; forward its socket yourself: ssh -L" : ""));
        }
        return host.isEmpty() ? DockerSettings.LOCAL : host;
    }

    private Optional<Path> certificates() {
        var path = reader.optional(Variable.DOCKER_CERT_PATH, Path::of);
        var verify = !reader.text(Variable.DOCKER_TLS_VERIFY).isEmpty();
        var remote = reader.text(Variable.DOCKER_HOST).startsWith("tcp:");
        if (verify && remote && path.isEmpty()) {
            reader.fault(
                    "DOCKER_CERT_PATH: expected the directory with ca.pem, cert.pem and key.pem, because DOCKER_TLS_VERIFY is set");
        }
        path.filter(directory -> !Files.isReadable(directory.resolve("ca.pem")))
                .ifPresent(directory -> reader.fault("DOCKER_CERT_PATH: expected ca.pem in " + directory));
        return remote && verify ? path : Optional.empty();
    }

    private List<Path> roots() {
        var roots = reader.list(Variable.WORKSPACE_ROOTS, this::root);
        for (var root : roots) {
            if (roots.stream().anyMatch(other -> !other.equals(root) && other.startsWith(root))) {
                reader.fault("WORKSPACE_ROOTS: expected directories of which none is in another, but found " + roots);
                return roots;
            }
        }
        if (!roots.isEmpty() && reader.text(Variable.DOCKER_HOST).startsWith("tcp:")) {
            reader.fault(
                    "WORKSPACE_ROOTS: expected only with an engine at a socket of this machine, but DOCKER_HOST is "
                            + reader.text(Variable.DOCKER_HOST));
        }
        return roots;
    }

    /// A directory in which those lie that agents may get: a real one, and none that the machine or the
    /// platform lives on.
    private Path root(String text) {
        var path = Path.of(text);
        try {
            if (!path.isAbsolute() || !path.toRealPath().equals(path) || !Files.isDirectory(path)) {
                throw new IllegalArgumentException("expected absolute paths of directories, without symbolic links");
            }
            var data = realData();
            if (path.getNameCount() == 0
                    || SYSTEM.contains(path.getName(0).toString())
                    || path.startsWith(data)
                    || data.startsWith(path)) {
                throw new IllegalArgumentException("expected directories of nothing but work, neither the system's "
                        + SYSTEM + " nor the platform's own " + data);
            }
            return path;
        } catch (IOException none) {
            throw new IllegalArgumentException("expected directories that are there", none);
        }
    }

    /// Where the platform's own things are, or will be.
    private Path realData() throws IOException {
        var data = Path.of(reader.text(Variable.DATA_DIR)).toAbsolutePath().normalize();
        var there = data;
        while (!Files.exists(there) && there.getParent() != null) {
            there = there.getParent();
        }
        return there.toRealPath().resolve(there.relativize(data));
    }

    private static String known(String name, List<AgentRuntime> runtimes) {
        if (runtimes.stream().noneMatch(one -> one.id().equals(name))) {
            throw new IllegalArgumentException("expected runtimes out of "
                    + runtimes.stream().map(AgentRuntime::id).sorted().toList());
        }
        return name;
    }

    private Set<String> allowed(List<AgentRuntime> runtimes) {
        var known = runtimes.stream().map(AgentRuntime::id).collect(Collectors.toCollection(TreeSet::new));
        known.add(Profile.EXTERNAL);
        return Set.copyOf(reader.list(Variable.ALLOWED_RUNTIMES, runtime -> {
            if (!known.contains(runtime)) {
                throw new IllegalArgumentException("expected runtimes out of " + known);
            }
            return runtime;
        }));
    }

    private List<AgentRuntime> fromFile() {
        return reader.optional(Variable.RUNTIMES_FILE, Path::of)
                .map(this::fromFile)
                .orElse(List.of());
    }

    private List<AgentRuntime> fromFile(Path file) {
        var runtimes = new ArrayList<AgentRuntime>();
        try {
            if (Files.size(file) > FILE_BYTES_MAX) {
                throw new IOException("it is longer than " + FILE_BYTES_MAX + " bytes");
            }
            var document = new YAMLMapper().readTree(Files.readString(file));
            var listed = document.path("runtimes");
            if (!listed.isObject()) {
                throw new IOException("it has no object \"runtimes\"");
            }
            for (Map.Entry<String, JsonNode> one : listed.properties()) {
                try {
                    runtimes.add(Runtimes.read(one.getKey(), one.getValue()));
                } catch (WireException bad) {
                    reader.fault("RUNTIMES_FILE: " + one.getKey() + ": " + bad.getMessage());
                }
            }
        } catch (IOException unreadable) {
            reader.fault("RUNTIMES_FILE: expected to read " + file + ", but: " + unreadable.getMessage());
        }
        return runtimes;
    }
}
