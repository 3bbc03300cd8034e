package ai.molecule.platform.backend.docker;

import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.StartOrder;
import ai.molecule.platform.backend.Started;
import ai.molecule.protocol.Json;
import com.github.dockerjava.api.command.InspectImageResponse;
import com.github.dockerjava.api.model.Container;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/// Makes containers out of orders: image, network, volumes, container, its files, start.
///
/// One that is made ahead is the same but for its files, for which its agent waits. It belongs to its workspace
/// from the beginning, so that nothing has to be taken off it, and is never given to another.
final class Maker {

    private static final String SECRETS_BY = "ai.molecule.secrets";
    private static final String ORDER_BY = "ai.molecule.order";
    private static final String BY_FILE = "file";
    private static final String TOKEN_FILE = ".auth_token";

    private final Engine engine;
    private final Labels labels;
    private final Containers containers;
    private final Images images;
    private final Reach reach;
    private final Shelf shelf;
    private final ConfigFiles configured;
    private final Fence fence;
    private final Hardening hardening;
    private final DockerSettings settings;

    Maker(Engine engine, Labels labels, DockerSettings settings, Reach reach, Shelf shelf, Fence fence, Images images)
            throws BackendException {
        this.engine = engine;
        this.labels = labels;
        this.containers = new Containers(engine, labels);
        this.images = images;
        this.reach = reach;
        this.shelf = shelf;
        this.configured = new ConfigFiles(shelf);
        this.fence = fence;
        this.hardening = new Hardening(
                engine.ask("tell about itself", () -> engine.client().infoCmd().exec()));
        this.settings = settings;
    }

    /// Fences workspaces in; of the host they reach the platform's port, where that is the host's.
    void fence(URI platformUrl) throws BackendException {
        if (settings.fence() && reach.fenced()) {
            var onHost = reach.listenAt().isPresent() || !Addresses.isLoopback(platformUrl);
            fence.ensure(onHost ? Optional.of(Addresses.port(platformUrl)) : Optional.empty());
        }
    }

    /// Pulls the image where it is missing.
    void fetch(StartOrder order, Consumer<String> step) throws BackendException {
        images.ensure(order.runtime().image(), step);
    }

    /// Makes and starts a container; where that fails, there is none.
    ///
    /// @param step hears what is being done
    Started make(StartOrder order, Consumer<String> step) throws BackendException {
        var image = images.ensure(order.runtime().image(), step);
        var clamped = hardening.clamped(order.size());
        step.accept("creating" + (clamped.isEmpty() ? "" : "; " + clamped));
        var plan = plan(order, image, false);
        var started = run(plan, files(order, plan.secretsByFile()), step);
        step.accept("registering");
        return started;
    }

    /// Makes and starts a container whose agent waits for its order.
    ///
    /// @return why there cannot be such a one; empty when it was made
    Optional<String> makeAhead(StartOrder order, Consumer<String> step) throws BackendException {
        if (!reach.fenced()) {
            return Optional.of("on the host's network agents get their ports when they start");
        }
        var image = images.ensure(order.runtime().image(), step);
        if (!BY_FILE.equals(label(image, ORDER_BY)) || !BY_FILE.equals(label(image, SECRETS_BY))) {
            return Optional.of("image " + order.runtime().image() + " has not the labels " + SECRETS_BY + "=file and "
                    + ORDER_BY + "=file");
        }
        run(plan(order, image, true), Map.of(), step);
        return Optional.empty();
    }

    /// Tells an agent that was made ahead what its order is.
    ///
    /// @return empty when it was made of something else than is ordered now
    Optional<Started> tell(Container container, StartOrder order, Consumer<String> step) throws BackendException {
        var plan = plan(order, images.ensure(order.runtime().image(), step), true);
        if (!plan.print().equals(Labels.ahead(container.getLabels()))) {
            return Optional.empty();
        }
        var files = new LinkedHashMap<>(configured.of(container.getId(), order));
        files.putAll(files(order, true));
        files.put(".order", "");
        step.accept("registering");
        shelf.furnish(container.getId(), Shelf.CONFIGS, files);
        return Optional.of(new Started(container.getId(), plan.spot().url()));
    }

    /// Gives an agent that was started, perhaps by a platform that is gone, the enrolment that is good now.
    Started renew(Container container, StartOrder order) throws BackendException {
        shelf.furnish(container.getId(), Shelf.CONFIGS, Map.of(TOKEN_FILE, order.enrolment()));
        return new Started(container.getId(), Labels.url(container.getLabels()));
    }

    /// All that a container is made of.
    ///
    /// @param ahead true when its agent is to wait for its order
    private record Plan(
            StartOrder order,
            Reach.Spot spot,
            Map<String, String> environment,
            boolean secretsByFile,
            boolean ahead,
            String image) {

        /// The same for two that are made of the same.
        String print() {
            return image + " " + order.size() + " " + order.host() + " " + new TreeMap<>(environment);
        }
    }

    private Plan plan(StartOrder order, InspectImageResponse image, boolean ahead) throws BackendException {
        var objection = settings.rules().objection(order.host());
        if (objection.isPresent()) {
            throw new BackendException(objection.get());
        }
        var spot = reach.spot(order.workspace(), order.runtime().port());
        var platform = Addresses.isLoopback(order.platformUrl())
                ? reach.platform(spot, Addresses.port(order.platformUrl()))
                : order.platformUrl();
        fence(order.platformUrl());
        var byFile = BY_FILE.equals(label(image, SECRETS_BY));
        var environment = new LinkedHashMap<String, String>();
        if (!byFile) {
            environment.putAll(order.secrets());
        }
        environment.put("WORKSPACE_ID", order.workspace().toString());
        environment.put("WORKSPACE_CONFIG_PATH", Shelf.CONFIGS);
        environment.put("PLATFORM_URL", platform.toString());
        environment.put("MOLECULE_URL", platform.toString());
        environment.put("HOST", spot.host());
        environment.put("PORT", String.valueOf(spot.port()));
        environment.put("AGENT_URL", spot.url().toString());
        if (ahead) {
            environment.put("AWAIT_ORDER", BY_FILE);
        }
        return new Plan(order, spot, environment, byFile, ahead, String.valueOf(image.getId()));
    }

    private Started run(Plan plan, Map<String, String> files, Consumer<String> step) throws BackendException {
        var container = create(plan);
        try {
            var all = new LinkedHashMap<>(configured.of(container, plan.order()));
            // The credential goes last: with it all of them are there.
            all.putAll(files);
            shelf.furnish(container, Shelf.CONFIGS, all);
            step.accept("starting");
            containers.start(container);
        } catch (BackendException failed) {
            containers.remove(container);
            throw failed;
        }
        return new Started(container, plan.spot().url());
    }

    private String create(Plan plan) throws BackendException {
        var order = plan.order();
        var name = Labels.name(order.workspace(), "g" + order.generation());
        var volumes = shelf.ensure(order.workspace(), order.host());
        var marks = labels.of(order.workspace(), order.generation(), plan.spot().url());
        marks.putAll(Labels.of(order.host()));
        if (plan.ahead()) {
            marks.put(Labels.AHEAD, plan.print());
        }
        var variables = plan.environment().entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .toList();
        return engine.ask("create container " + name, () -> {
                    var command = engine.client()
                            .createContainerCmd(order.runtime().image())
                            .withName(name)
                            .withLabels(marks)
                            .withUser(Hardening.user(order.host()))
                            .withEnv(variables)
                            .withHostConfig(hardening.config(
                                    order.size(), order.host(), plan.spot().network(), volumes))
                            .withStopTimeout(Containers.GOODBYE_SECONDS);
                    plan.spot()
                            .address()
                            .ifPresent(address -> command.withIpv4Address(address)
                                    .withHostName(
                                            "ws-" + order.workspace().toString().substring(0, 8)));
                    return command.exec();
                })
                .getId();
    }

    private static Map<String, String> files(StartOrder order, boolean secretsByFile) {
        var secrets = Json.object();
        if (secretsByFile) {
            order.secrets().forEach(secrets::put);
        }
        var files = new LinkedHashMap<String, String>();
        files.put(".secrets.json", Json.text(secrets));
        files.put(TOKEN_FILE, order.enrolment());
        return files;
    }

    private static String label(InspectImageResponse image, String name) {
        var config = image.getConfig();
        var labels = config == null ? null : config.getLabels();
        return labels == null ? "" : labels.getOrDefault(name, "");
    }

    /// The addresses in URLs.
    private static final class Addresses {

        private static final List<String> LOOPBACK = List.of("localhost", "127.0.0.1", "[::1]");

        static boolean isLoopback(URI url) {
            return LOOPBACK.contains(String.valueOf(url.getHost()));
        }

        static int port(URI url) {
            return url.getPort() >= 0 ? url.getPort() : "https".equals(url.getScheme()) ? 443 : 80;
        }
    }
}
