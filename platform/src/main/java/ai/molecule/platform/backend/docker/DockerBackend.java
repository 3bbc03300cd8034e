package ai.molecule.platform.backend.docker;

import ai.molecule.platform.backend.AgentRuntime;
import ai.molecule.platform.backend.Backend;
import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.BackendRefusedException;
import ai.molecule.platform.backend.Interior;
import ai.molecule.platform.backend.News;
import ai.molecule.platform.backend.Running;
import ai.molecule.platform.backend.StartOrder;
import ai.molecule.platform.backend.Started;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.Container;
import com.github.dockerjava.api.model.Event;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs agents in containers, each with a network and two volumes of its own.
///
/// A start makes a new container; a stop leaves it there, stopped, so that its log can be read, until the next
/// start or
/// the end of the workspace. Containers outlive the platform: who opens the backend finds them again by their
/// labels.
/// Deaths and health come as the engine's events; whenever events may have been missed, all containers are
/// looked at.
/// Soft: which deaths were told already.
public final class DockerBackend implements Backend {

    private static final Logger LOG = LoggerFactory.getLogger(DockerBackend.class);
    private static final int GOODBYE_SECONDS = 5;
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(30);
    private static final int LAST_LINES = 3;

    private final Engine engine;
    private final DockerSettings settings;
    private final Labels labels;
    private final Images images;
    private final Networks networks;
    private final Shelf shelf;
    private final Hardening hardening;
    private final Fence fence;
    private final Logs logs;
    private final ContainerInterior interior;
    private final String house;
    private final Map<WorkspaceId, Object> locks = new ConcurrentHashMap<>();
    private final Set<String> told = ConcurrentHashMap.newKeySet();
    private final EventWatch watch;
    private volatile Consumer<News> listener = news -> {};

    private DockerBackend(Engine engine, DockerSettings settings) throws BackendException {
        this.engine = engine;
        this.settings = settings;
        this.labels = new Labels(settings.platform());
        this.images = new Images(engine);
        this.networks = new Networks(engine, labels, settings.subnets());
        this.shelf = new Shelf(engine, labels);
        this.hardening = new Hardening(
                engine.ask("tell about itself", () -> engine.client().infoCmd().exec()));
        this.fence = new Fence(engine, labels, networks.bridgePrefix());
        this.logs = new Logs(engine);
        this.interior = new ContainerInterior(engine, labels, shelf);
        this.house = networks.house();
        this.watch = new EventWatch(engine, labels, this::lookAgain, this::heard);
    }

    /// Opens the line to the engine.
    ///
    /// @throws BackendException when it does not answer
    public static DockerBackend open(DockerSettings settings) throws BackendException {
        var engine = Engine.open(settings);
        try {
            return new DockerBackend(engine, settings);
        } catch (BackendException | RuntimeException failed) {
            engine.close();
            throw failed;
        }
    }

    @Override
    public String name() {
        return "docker";
    }

    @Override
    public boolean runs(AgentRuntime runtime) {
        return !runtime.image().isEmpty();
    }

    @Override
    public void onNews(Consumer<News> heir) {
        listener = heir;
    }

    /// The address of this machine that agents reach, on which a platform that runs here listens for them.
    public Optional<String> listenAt() {
        return settings.network() == DockerSettings.Network.HOST ? Optional.empty() : Optional.of(house);
    }

    /// How agents reach a platform that listens there.
    public URI platformUrl(int port) {
        var host = settings.network() == DockerSettings.Network.HOST ? "127.0.0.1" : house;
        return URI.create("http://" + host + ":" + port + "/");
    }

    @Override
    public Started start(StartOrder order) throws BackendException {
        synchronized (locks.computeIfAbsent(order.workspace(), any -> new Object())) {
            for (var container : containers(order.workspace())) {
                if (Labels.generation(container.getLabels()) == order.generation()
                        && "running".equals(container.getState())) {
                    return new Started(container.getId(), address(order.workspace(), order.runtime()));
                }
                remove(container.getId());
            }
            return make(order);
        }
    }

    private Started make(StartOrder order) throws BackendException {
        var image = images.ensure(order.runtime().image(), step -> tell(order, step));
        var clamped = hardening.clamped(order.size());
        tell(order, "creating" + (clamped.isEmpty() ? "" : "; " + clamped));
        if (settings.fence() && settings.network() == DockerSettings.Network.OWN) {
            fence.ensure(port(order.platformUrl()), order.runtime().image());
        }
        var network = networks.ensure(order.workspace());
        var binds = shelf.ensure(order.workspace());
        var byFile = "file"
                .equals(label(
                        image.getConfig() == null ? null : image.getConfig().getLabels(), "ai.molecule.secrets"));
        var name = Labels.name(order.workspace(), "g" + order.generation());
        var created = engine.ask(
                "create container " + name,
                () -> engine.client()
                        .createContainerCmd(order.runtime().image())
                        .withName(name)
                        .withHostName("ws-" + order.workspace().toString().substring(0, 8))
                        .withLabels(labels.of(order.workspace(), order.generation()))
                        .withUser(Hardening.USER)
                        .withEnv(environment(order, byFile))
                        .withIpv4Address(settings.subnets().agent(network.index()))
                        .withHostConfig(hardening.config(order.size(), network.name(), binds))
                        .withStopTimeout(GOODBYE_SECONDS)
                        .exec());
        try {
            shelf.furnish(created.getId(), Shelf.CONFIGS, files(order, byFile));
            tell(order, "starting");
            engine.ask(
                    "start container " + name,
                    () -> engine.client().startContainerCmd(created.getId()).exec());
        } catch (BackendException failed) {
            remove(created.getId());
            throw failed;
        }
        tell(order, "registering");
        return new Started(
                created.getId(),
                URI.create("http://" + settings.subnets().agent(network.index()) + ":"
                        + order.runtime().port() + "/"));
    }

    private static List<String> environment(StartOrder order, boolean secretsByFile) {
        var environment = new LinkedHashMap<String, String>();
        if (!secretsByFile) {
            environment.putAll(order.secrets());
        }
        environment.put("WORKSPACE_ID", order.workspace().toString());
        environment.put("WORKSPACE_CONFIG_PATH", Shelf.CONFIGS);
        environment.put("PLATFORM_URL", order.platformUrl().toString());
        environment.put("MOLECULE_URL", order.platformUrl().toString());
        environment.put("HOST", "0.0.0.0");
        environment.put("PORT", String.valueOf(order.runtime().port()));
        return environment.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .toList();
    }

    private static Map<String, String> files(StartOrder order, boolean secretsByFile) {
        var files = new LinkedHashMap<String, String>();
        files.put(".auth_token", order.enrolment());
        files.put(".secrets.json", secretsByFile ? Json.text(json(order.secrets())) : "{}");
        return files;
    }

    private static ObjectNode json(Map<String, String> map) {
        var json = Json.object();
        map.forEach(json::put);
        return json;
    }

    private static String label(@Nullable Map<String, String> labels, String name) {
        return labels == null ? "" : labels.getOrDefault(name, "");
    }

    private URI address(WorkspaceId workspace, AgentRuntime runtime) throws BackendException {
        var network = networks.ensure(workspace);
        return URI.create("http://" + settings.subnets().agent(network.index()) + ":" + runtime.port() + "/");
    }

    private static int port(URI url) {
        return url.getPort() >= 0 ? url.getPort() : "https".equals(url.getScheme()) ? 443 : 80;
    }

    @Override
    public void stop(WorkspaceId workspace) throws BackendException {
        for (var container : containers(workspace)) {
            told.add(container.getId());
            engine.ask("stop " + container.getId(), STOP_PATIENCE, () -> {
                try {
                    return engine.client()
                            .stopContainerCmd(container.getId())
                            .withTimeout(GOODBYE_SECONDS)
                            .exec();
                } catch (com.github.dockerjava.api.exception.NotModifiedException
                        | com.github.dockerjava.api.exception.NotFoundException stopped) {
                    return null;
                }
            });
        }
    }

    @Override
    public void purge(WorkspaceId workspace) throws BackendException {
        for (var container : containers(workspace)) {
            remove(container.getId());
        }
        networks.remove(workspace);
        shelf.remove(workspace);
        locks.remove(workspace);
    }

    @Override
    public void sweep(Predicate<WorkspaceId> known) throws BackendException {
        var owners = new HashSet<WorkspaceId>();
        containers().forEach(one -> Labels.workspace(one.getLabels()).ifPresent(owners::add));
        networks.all().forEach(one -> Labels.workspace(one.getLabels()).ifPresent(owners::add));
        owners.addAll(shelf.owners());
        for (var owner : owners) {
            if (!known.test(owner)) {
                LOG.warn("Removing what is left of workspace {}, which nobody knows", owner);
                purge(owner);
            }
        }
    }

    /// Removes everything that carries this platform's id from the engine, the fence and the house's network
    /// too.
    ///
    /// @param image one with a busybox, which takes the fence down
    public void withdraw(String image) throws BackendException {
        sweep(any -> false);
        if (settings.fence()) {
            fence.remove(image);
        }
        networks.removeHouse();
    }

    @Override
    public List<Running> list() throws BackendException {
        var running = new ArrayList<Running>();
        for (var container : containers()) {
            var workspace = Labels.workspace(container.getLabels());
            var generation = Labels.generation(container.getLabels());
            if (workspace.isPresent() && (lives(container) || died(container))) {
                running.add(new Running(workspace.get(), generation, container.getId()));
            }
        }
        return running;
    }

    private static boolean lives(Container container) {
        return Set.of("running", "paused", "restarting").contains(String.valueOf(container.getState()));
    }

    /// True once for a container that ended and whose end nobody heard of yet; tells of it.
    private boolean died(Container container) throws BackendException {
        if (!"exited".equals(container.getState()) || told.contains(container.getId())) {
            return false;
        }
        var workspace = Labels.workspace(container.getLabels()).orElseThrow();
        tellDeath(container.getId(), workspace, Labels.generation(container.getLabels()));
        return true;
    }

    @Override
    public List<String> logTail(WorkspaceId workspace, int lines) {
        try {
            for (var container : containers(workspace)) {
                return logs.tail(container.getId(), lines);
            }
            return List.of();
        } catch (BackendException away) {
            return List.of("(log not readable: " + away.getMessage() + ")");
        }
    }

    @Override
    public Interior interior() {
        return interior;
    }

    @Override
    public void close() {
        watch.close();
        engine.close();
    }

    private void tell(StartOrder order, String step) {
        listener.accept(new News.Step(order.workspace(), order.generation(), step));
    }

    private void lookAgain() {
        fence.doubt();
        try {
            LOG.debug("{} containers are seen", list().size());
            for (var container : containers()) {
                if (String.valueOf(container.getStatus()).contains("(unhealthy)")) {
                    Labels.workspace(container.getLabels())
                            .ifPresent(workspace -> tellHealth(
                                    container.getId(), workspace, Labels.generation(container.getLabels()), false));
                }
            }
        } catch (BackendException away) {
            LOG.warn("{}", away.getMessage());
        }
    }

    private void heard(Event event) {
        var actor = event.getActor();
        var attributes = actor == null ? null : actor.getAttributes();
        var workspace = Labels.workspace(attributes);
        var container = actor == null ? null : actor.getId();
        if (container == null || workspace.isEmpty()) {
            return;
        }
        var generation = Labels.generation(attributes);
        var action = String.valueOf(event.getAction());
        // Deaths first of all: the engine's other answers can wait on another thread.
        Thread.ofVirtual().name("docker-news").start(() -> {
            if (action.equals("die")) {
                tellDeath(container, workspace.get(), generation);
            } else if (action.startsWith("health_status")) {
                tellHealth(container, workspace.get(), generation, action.endsWith(": healthy"));
            }
        });
    }

    private void tellDeath(String container, WorkspaceId workspace, long generation) {
        if (told.add(container)) {
            listener.accept(new News.Death(workspace, generation, how(container)));
        }
    }

    private void tellHealth(String container, WorkspaceId workspace, long generation, boolean well) {
        var detail =
                well ? "" : inspect(container).map(DockerBackend::lastProbe).orElse("its health check fails");
        listener.accept(new News.Health(workspace, generation, well, detail));
    }

    private static String lastProbe(InspectContainerResponse container) {
        var health = container.getState().getHealth();
        if (health == null || health.getLog() == null || health.getLog().isEmpty()) {
            return "its health check fails";
        }
        var output = String.valueOf(health.getLog().getLast().getOutput()).strip();
        return "its health check fails: " + (output.isEmpty() ? "no answer" : output);
    }

    /// What the engine and the log say about an end.
    private String how(String container) {
        var text = new StringBuilder();
        inspect(container)
                .ifPresentOrElse(
                        found -> {
                            var state = found.getState();
                            text.append("exited with code ").append(state.getExitCodeLong());
                            if (Boolean.TRUE.equals(state.getOOMKilled())) {
                                text.append(", out of memory");
                            }
                            if (state.getError() != null && !state.getError().isBlank()) {
                                text.append(", ").append(state.getError());
                            }
                        },
                        () -> text.append("its container is gone"));
        try {
            var last = logs.tail(container, LAST_LINES);
            if (!last.isEmpty()) {
                text.append("; last lines: ").append(String.join(" | ", last));
            }
        } catch (BackendException unreadable) {
            LOG.debug("No last lines of {}", container, unreadable);
        }
        return text.toString();
    }

    private Optional<InspectContainerResponse> inspect(String container) {
        try {
            return Optional.of(engine.ask(
                    "inspect " + container,
                    () -> engine.client().inspectContainerCmd(container).exec()));
        } catch (BackendException gone) {
            return Optional.empty();
        }
    }

    private void remove(String container) throws BackendException {
        told.add(container);
        try {
            engine.ensure(
                    "remove container " + container,
                    () -> engine.client()
                            .removeContainerCmd(container)
                            .withForce(true)
                            .withRemoveVolumes(true)
                            .exec());
        } catch (BackendRefusedException said) {
            if (said.status() != 409) {
                throw said;
            }
            LOG.debug("Container {} is being removed already", container);
        }
    }

    /// All containers of workspaces, newest first.
    private List<Container> containers() throws BackendException {
        return containers(labels.ours()).stream()
                .filter(one -> Labels.workspace(one.getLabels()).isPresent())
                .toList();
    }

    private List<Container> containers(WorkspaceId workspace) throws BackendException {
        return containers(labels.filter(workspace));
    }

    private List<Container> containers(Map<String, String> filter) throws BackendException {
        return engine.ask(
                "list containers",
                () -> engine.client()
                        .listContainersCmd()
                        .withShowAll(true)
                        .withLabelFilter(filter)
                        .exec());
    }
}
