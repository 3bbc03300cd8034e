package ai.molecule.platform.backend.docker;

import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.StartOrder;
import ai.molecule.platform.backend.Started;
import ai.molecule.protocol.Json;
import com.github.dockerjava.api.command.InspectImageResponse;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// Makes containers out of orders: image, network, volumes, container, its files, start.
final class Maker {

    private static final String SECRETS_BY = "ai.molecule.secrets";

    private final Engine engine;
    private final Labels labels;
    private final Containers containers;
    private final Images images;
    private final Reach reach;
    private final Shelf shelf;
    private final Fence fence;
    private final Hardening hardening;
    private final boolean fenced;

    /// What it works with.
    ///
    /// @param fenced true when what workspaces reach is to be fenced in
    Maker(Engine engine, Labels labels, Reach reach, Shelf shelf, Fence fence, boolean fenced, Images images)
            throws BackendException {
        this.engine = engine;
        this.labels = labels;
        this.containers = new Containers(engine, labels);
        this.images = images;
        this.reach = reach;
        this.shelf = shelf;
        this.fence = fence;
        this.hardening = new Hardening(
                engine.ask("tell about itself", () -> engine.client().infoCmd().exec()));
        this.fenced = fenced;
    }

    /// Makes and starts a container; where that fails, there is none.
    ///
    /// @param step hears what is being done
    Started make(StartOrder order, Consumer<String> step) throws BackendException {
        var image = images.ensure(order.runtime().image(), step);
        var clamped = hardening.clamped(order.size());
        step.accept("creating" + (clamped.isEmpty() ? "" : "; " + clamped));
        var spot = reach.spot(order.workspace(), order.runtime().port());
        var platform = Addresses.isLoopback(order.platformUrl())
                ? reach.platform(spot, Addresses.port(order.platformUrl()))
                : order.platformUrl();
        if (fenced && reach.fenced()) {
            fence.ensure(Addresses.port(platform));
        }
        var byFile = "file".equals(labels(image).getOrDefault(SECRETS_BY, ""));
        var container = create(order, spot, environment(order, spot, platform, byFile));
        try {
            shelf.furnish(container, Shelf.CONFIGS, files(order, byFile));
            step.accept("starting");
            containers.start(container);
        } catch (BackendException failed) {
            containers.remove(container);
            throw failed;
        }
        step.accept("registering");
        return new Started(container, spot.url());
    }

    private String create(StartOrder order, Reach.Spot spot, Map<String, String> environment) throws BackendException {
        var name = Labels.name(order.workspace(), "g" + order.generation());
        var binds = shelf.ensure(order.workspace());
        var variables = environment.entrySet().stream()
                .map(entry -> entry.getKey() + "=" + entry.getValue())
                .toList();
        return engine.ask("create container " + name, () -> {
                    var command = engine.client()
                            .createContainerCmd(order.runtime().image())
                            .withName(name)
                            .withLabels(labels.of(order.workspace(), order.generation(), spot.url()))
                            .withUser(Hardening.USER)
                            .withEnv(variables)
                            .withHostConfig(hardening.config(order.size(), spot.network(), binds))
                            .withStopTimeout(Containers.GOODBYE_SECONDS);
                    spot.address()
                            .ifPresent(address -> command.withIpv4Address(address)
                                    .withHostName(
                                            "ws-" + order.workspace().toString().substring(0, 8)));
                    return command.exec();
                })
                .getId();
    }

    private static Map<String, String> environment(
            StartOrder order, Reach.Spot spot, URI platform, boolean secretsByFile) {
        var environment = new LinkedHashMap<String, String>();
        if (!secretsByFile) {
            environment.putAll(order.secrets());
        }
        environment.put("WORKSPACE_ID", order.workspace().toString());
        environment.put("WORKSPACE_CONFIG_PATH", Shelf.CONFIGS);
        environment.put("PLATFORM_URL", platform.toString());
        environment.put("MOLECULE_URL", platform.toString());
        environment.put("HOST", spot.host());
        environment.put("PORT", String.valueOf(spot.port()));
        environment.put("AGENT_URL", spot.url().toString());
        return environment;
    }

    private static Map<String, String> files(StartOrder order, boolean secretsByFile) {
        var secrets = Json.object();
        if (secretsByFile) {
            order.secrets().forEach(secrets::put);
        }
        return Map.of(".auth_token", order.enrolment(), ".secrets.json", Json.text(secrets));
    }

    private static Map<String, String> labels(InspectImageResponse image) {
        var config = image.getConfig();
        var labels = config == null ? null : config.getLabels();
        return labels == null ? Map.of() : labels;
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
