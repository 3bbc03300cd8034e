package ai.molecule.platform.backend.docker;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.HostRules;
import ai.molecule.protocol.WorkspaceId;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.ContainerNetwork;
import com.github.dockerjava.api.model.Frame;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/// The real Docker engine that tests use, and the image of our agent in it.
///
/// `scripts/test.sh` starts one and builds the image; it says where in `TEST_DOCKER_HOST`. Without, the suite
/// is skipped, which the count of checks tells, and which fails in CI.
public final class TestEngine implements AutoCloseable {

    /// How the images' names begin.
    public static final String PREFIX = "molecule-test/workspace-";

    static final String IMAGE = PREFIX + "echo:latest";

    private final UUID platform;
    private final Engine engine;

    private TestEngine(UUID platform, Engine engine) {
        this.platform = platform;
        this.engine = engine;
    }

    /// The engine, as one platform's things in it are seen.
    public static TestEngine of(UUID platform) throws BackendException {
        return new TestEngine(platform, Engine.open(settings(platform)));
    }

    /// Where it is.
    public static String host() {
        var host = System.getenv().getOrDefault("TEST_DOCKER_HOST", "");
        assumeTrue(!host.isEmpty(), "TEST_DOCKER_HOST names no Docker engine; ./molecule test starts one");
        return host;
    }

    /// What a whole house needs to know of it.
    public static Map<String, String> houseSettings() {
        return Map.of(
                "CONTAINER_BACKEND",
                "docker",
                "DOCKER_HOST",
                host(),
                "WORKSPACE_IMAGE_PREFIX",
                PREFIX,
                "DOCKER_SUBNETS",
                "10.241.0.0/16");
    }

    static DockerSettings settings(UUID platform) {
        return settings(platform, DockerSettings.Network.OWN, HostRules.NOTHING);
    }

    static DockerSettings settings(UUID platform, DockerSettings.Network network, HostRules rules) {
        return new DockerSettings(
                platform,
                host(),
                Optional.empty(),
                Subnets.parse("10.241.0.0/16"),
                network,
                true,
                Registries.NONE,
                IMAGE,
                rules);
    }

    /// The newest container of a workspace.
    public String container(String workspace) throws BackendException {
        var id = WorkspaceId.parse(workspace).orElseThrow();
        return engine.ask(
                        "list",
                        () -> engine.client()
                                .listContainersCmd()
                                .withLabelFilter(new Labels(platform).filter(id))
                                .exec())
                .getFirst()
                .getId();
    }

    /// All that the engine tells of a container.
    public InspectContainerResponse inspect(String container) throws BackendException {
        return engine.ask(
                "inspect", () -> engine.client().inspectContainerCmd(container).exec());
    }

    /// A container's address in its own network.
    public String address(String container) throws BackendException {
        return String.valueOf(network(container).getIpAddress());
    }

    /// The host's address in a container's own network.
    public String gateway(String container) throws BackendException {
        return String.valueOf(network(container).getGateway());
    }

    private ContainerNetwork network(String container) throws BackendException {
        return inspect(container).getNetworkSettings().getNetworks().values().stream()
                .findFirst()
                .orElseThrow();
    }

    /// True while a container runs.
    public boolean runs(String container) {
        try {
            return Boolean.TRUE.equals(inspect(container).getState().getRunning());
        } catch (BackendException gone) {
            return false;
        }
    }

    /// Ends a container as a crash would.
    public void kill(String container) throws BackendException {
        engine.ask("kill", () -> engine.client().killContainerCmd(container).exec());
    }

    /// What a command inside a container writes, as the agent's user.
    public String run(String container, String... command) throws BackendException {
        var exec = engine.ask(
                "create exec",
                () -> engine.client()
                        .execCreateCmd(container)
                        .withCmd(command)
                        .withAttachStdout(true)
                        .withAttachStderr(true)
                        .exec());
        var out = new ByteArrayOutputStream();
        engine.ask(
                "exec",
                () -> engine.client()
                        .execStartCmd(exec.getId())
                        .exec(new ResultCallback.Adapter<Frame>() {
                            @Override
                            public void onNext(Frame frame) {
                                out.writeBytes(frame.getPayload());
                            }
                        })
                        .awaitCompletion());
        return out.toString(StandardCharsets.UTF_8).strip();
    }

    /// The last lines a container wrote.
    public String logs(String container) throws BackendException {
        return String.join("\n", new Logs(engine).tail(container, 20));
    }

    /// Makes an image of ours with one line more.
    public void build(String image, String line) throws IOException, InterruptedException {
        var builder = new ProcessBuilder("docker", "-H", host(), "build", "-q", "-t", image, "-")
                .redirectErrorStream(true)
                .start();
        try (var recipe = builder.outputWriter(StandardCharsets.UTF_8)) {
            recipe.write("FROM " + IMAGE + "\n" + line + "\n");
        }
        var said = new String(builder.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (builder.waitFor() != 0) {
            throw new IOException("Expected an image, but: " + said);
        }
    }

    /// How many containers, networks and volumes there are of this platform, the house's network not counted.
    public List<Integer> left() throws BackendException {
        var labels = new Labels(platform);
        var containers = engine.ask(
                "list containers",
                () -> engine.client()
                        .listContainersCmd()
                        .withShowAll(true)
                        .withLabelFilter(labels.ours())
                        .exec());
        var networks = new Networks(engine, labels, settings(platform).subnets()).all();
        var volumes = new Shelf(engine, labels).owners(Shelf.DATA_PART);
        return List.of(containers.size(), networks.size(), volumes.size());
    }

    /// The running containers that were made ahead, whether they were taken or not.
    public List<String> ahead() throws BackendException {
        return engine
                .ask(
                        "list containers",
                        () -> engine.client()
                                .listContainersCmd()
                                .withLabelFilter(new Labels(platform).ours())
                                .exec())
                .stream()
                .filter(one -> !Labels.ahead(one.getLabels()).isEmpty())
                .map(Container::getId)
                .toList();
    }

    /// True when there is a volume of this name.
    public boolean volume(String name) throws BackendException {
        var volumes = engine.ask(
                        "list volumes", () -> engine.client().listVolumesCmd().exec())
                .getVolumes();
        return volumes != null && volumes.stream().anyMatch(one -> name.equals(one.getName()));
    }

    /// Removes the platform's own network, as whoever tidies up may.
    public void removeHouse() throws BackendException {
        new Networks(engine, new Labels(platform), settings(platform).subnets()).removeHouse();
    }

    /// Removes all that is left of the platform.
    public void clear() throws BackendException {
        try (var backend = DockerBackend.open(settings(platform))) {
            backend.withdraw();
        }
    }

    Engine engine() {
        return engine;
    }

    @Override
    public void close() {
        engine.close();
    }
}
