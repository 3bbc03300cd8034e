package ai.molecule.fly;

import ai.molecule.protocol.Json;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Fly's Machines API on this machine, and the public address of its apps.
///
/// Everything in it is soft: it begins empty but for the apps it is told of, and ends with its machines.
public final class FlyEmulator implements AutoCloseable {

    private final Options options;
    private final World world;
    private final Clockwork clockwork;
    private final Boots boots;
    private final Runner runner;
    private final Calls calls = new Calls();
    private final Witness witness = new Witness();
    private final PublicProxy proxy;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpServer api;
    private final HttpServer edge;

    /// What an emulator begins with.
    ///
    /// @param port where the API listens; 0 for any free one
    /// @param proxyPort where the public address of its apps listens; 0 for any free one
    /// @param apps the apps there are, with the organisation of each
    /// @param tokens who may call, by token
    /// @param limited true with Fly's rate limits
    /// @param program what machines really run; empty for nothing
    public record Options(
            String host,
            int port,
            int proxyPort,
            Map<String, String> apps,
            Map<String, Credential> tokens,
            Timings timings,
            boolean limited,
            Optional<Program> program,
            InstantSource clock) {
        public Options {
            apps = Map.copyOf(apps);
            tokens = Map.copyOf(tokens);
        }

        /// An app `agents` of an organisation `acme`, with the token `fm2_deploy` for it; nothing really runs.
        public static Options quick() {
            return new Options(
                    "127.0.0.1",
                    0,
                    0,
                    Map.of("agents", "acme"),
                    Map.of("fm2_deploy", Credential.deploy("acme", "agents")),
                    Timings.QUICK,
                    false,
                    Optional.empty(),
                    InstantSource.system());
        }

        /// The same with machines that really run.
        public Options running(Program what) {
            return new Options(host, port, proxyPort, apps, tokens, timings, limited, Optional.of(what), clock);
        }

        /// The same with other timings.
        public Options paced(Timings other) {
            return new Options(host, port, proxyPort, apps, tokens, other, limited, program, clock);
        }

        /// The same with Fly's rate limits.
        public Options limitedAsFly() {
            return new Options(host, port, proxyPort, apps, tokens, timings, true, program, clock);
        }

        /// The same with another idea of what time it is.
        public Options telling(InstantSource other) {
            return new Options(host, port, proxyPort, apps, tokens, timings, limited, program, other);
        }

        /// The same with other tokens.
        public Options knowing(Map<String, Credential> others) {
            return new Options(host, port, proxyPort, apps, others, timings, limited, program, clock);
        }
    }

    /// What runs in every machine, whatever image it names.
    ///
    /// @param command the command, where the machine's configuration has none
    /// @param directory where roots and volumes of machines are kept
    public record Program(List<String> command, Path directory) {
        public Program {
            command = List.copyOf(command);
        }
    }

    private FlyEmulator(Options options) throws IOException {
        this.options = options;
        this.runner =
                options.program().isPresent() ? Processes.open(options.program().get()) : new Imaginary();
        this.world = new World(options.clock(), options.timings(), new Faults(), runner);
        this.boots = new Boots(world);
        this.clockwork = new Clockwork(world, boots);
        options.apps().forEach((name, org) -> world.apps.put(name, preset(name, org)));
        this.proxy = new PublicProxy(world);
        var door = new Door(world, options, clockwork, calls, witness);
        this.api = open(options.port(), door::serve, new Control(this, world)::serve);
        this.edge = open(options.proxyPort(), proxy::serve, null);
    }

    /// An app as `fly apps create` and `fly ips allocate-v4 --shared` leave it.
    private static App preset(String name, String org) {
        var app = new App(name, org, "default");
        app.addresses.put(
                "198.51.100.1",
                Json.object().put("ip", "198.51.100.1").put("region", "global").put("shared", true));
        return app;
    }

    /// Opens it.
    ///
    /// @throws IOException when a port is taken, or machines cannot be run here
    public static FlyEmulator open(Options options) throws IOException {
        return new FlyEmulator(options);
    }

    @FunctionalInterface
    private interface Serving {
        void serve(HttpExchange exchange) throws IOException;
    }

    private HttpServer open(int port, Serving serving, @Nullable Serving control) throws IOException {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        var server = HttpServer.create(new InetSocketAddress(options.host(), port), 0);
        server.createContext("/", exchange -> {
            try (exchange) {
                serving.serve(exchange);
            }
        });
        if (control != null) {
            server.createContext(Control.PATH, exchange -> {
                try (exchange) {
                    control.serve(exchange);
                }
            });
        }
        server.setExecutor(threads);
        server.start();
        return server;
    }

    /// Where the API is, without `/v1`.
    public URI url() {
        return URI.create("http://" + options.host() + ":" + api.getAddress().getPort());
    }

    /// The public address of its apps.
    public URI publicUrl() {
        return URI.create("http://" + options.host() + ":" + edge.getAddress().getPort());
    }

    /// What goes wrong on purpose.
    public Faults faults() {
        return world.faults();
    }

    /// How often it was called.
    public Calls calls() {
        return calls;
    }

    /// Tells a listener of every call of the API that is answered from now on.
    public void watch(Consumer<Exchanged> listener) {
        witness.listen(listener);
    }

    /// One machine as somebody who stands beside it sees it.
    public record Seen(
            String id, String name, String region, String state, String version, Map<String, String> metadata) {
        public Seen {
            metadata = Map.copyOf(metadata);
        }
    }

    /// Every machine that is not destroyed.
    public List<Seen> machines() {
        return world.asked(() -> world.apps.values().stream()
                .flatMap(app -> app.machines.values().stream())
                .map(machine -> {
                    var metadata = new java.util.HashMap<String, String>();
                    machine.metadata()
                            .properties()
                            .forEach(one ->
                                    metadata.put(one.getKey(), one.getValue().asText()));
                    return new Seen(
                            machine.id, machine.name, machine.region, machine.state, machine.instance, metadata);
                })
                .toList());
    }

    /// How many volumes there are.
    public int volumes() {
        return world.asked(() ->
                world.apps.values().stream().mapToInt(app -> app.volumes.size()).sum());
    }

    /// The secrets of an app, by name.
    public Map<String, String> secrets(String app) {
        return world.asked(() -> Map.copyOf(world.app(app).secrets));
    }

    /// Ends the process of a machine, as a crash would.
    public void crash(String id, int code, boolean outOfMemory) {
        world.locked(() -> machine(id).ifPresent(machine -> {
            var life = machine.boots;
            if (runner instanceof Processes processes) {
                processes.crash(id, code, outOfMemory);
            } else {
                clockwork.ended(machine, life, new Runner.Exit(code, 0, outOfMemory));
            }
        }));
    }

    /// Takes the host of a machine away, or gives it back.
    public void host(String id, String status) {
        world.locked(() -> machine(id).ifPresent(machine -> {
            machine.hostStatus = status;
            machine.updatedAt = world.now();
        }));
    }

    private Optional<Machine> machine(String id) {
        return world.apps.values().stream()
                .flatMap(app -> app.machines.values().stream())
                .filter(machine -> machine.id.equals(id))
                .findFirst();
    }

    /// The private address of a name `<id>.vm.<app>.internal`; empty while that machine is not started.
    public Optional<String> resolve(String name) {
        return world.asked(() -> machine(name.replaceFirst("[.].*", ""))
                .filter(machine -> machine.state.equals("started")
                        && name.equals(machine.id + ".vm." + machine.app.name + ".internal"))
                .map(machine -> machine.address));
    }

    @Override
    public void close() {
        world.close();
        api.stop(0);
        edge.stop(0);
        boots.close();
        proxy.close();
        runner.close();
        threads.shutdownNow();
    }
}
