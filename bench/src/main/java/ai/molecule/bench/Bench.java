package ai.molecule.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Measures what `docs/benchmarks.md` lists, on this machine, in one run, and prints it as a table.
@Command(
        name = "./molecule bench",
        description = "Measures a platform on this machine and prints the table of docs/benchmarks.md.",
        mixinStandardHelpOptions = true)
public final class Bench implements Callable<Integer> {

    @Option(names = "--agents", description = "registered agents for the heartbeats (default: ${DEFAULT-VALUE})")
    private int agents = 10_000;

    @Option(names = "--seconds", description = "seconds of each measurement (default: ${DEFAULT-VALUE})")
    private int seconds = 10;

    @Option(
            names = "--only",
            description =
                    "one group of: starts, docker, fly, online, a2a, streams, mailbox, heartbeats, uplinks (default: all)")
    private String only = "";

    @Option(names = "--machines", description = "Fly machines in one burst (default: ${DEFAULT-VALUE})")
    private int machines = 500;

    @Option(names = "--root", description = "the built source tree (default: the working directory)")
    private Path root = Path.of("");

    private final List<String> rows = new ArrayList<>();

    /// Runs the benchmarks.
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Bench()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException, ExecutionException {
        var directory = Files.createTempDirectory("molecule-bench");
        root = root.toAbsolutePath();
        row("machine's floor: TCP round trip on loopback, 1 connection", roundTrip());
        if (wanted("starts")) {
            starts(directory);
        }
        if (wanted("docker")) {
            new Containers(root, this::row).measure();
        }
        if (wanted("fly")) {
            new Machines(root, machines, this::row).measure();
        }
        try (var platform = Platform.start(root, directory)) {
            row("resident memory, idle", platform.residentMegabytes() + " MiB");
            if (wanted("online")) {
                toOnline(platform);
            }
            var messages = new Messages(platform, Duration.ofSeconds(seconds), this::row);
            if (wanted("a2a")) {
                messages.latency();
            }
            if (wanted("streams")) {
                messages.streams();
            }
            if (wanted("mailbox")) {
                messages.mailboxes();
            }
            if (wanted("heartbeats")) {
                heartbeats(platform);
            }
            if (wanted("uplinks")) {
                new Uplinks(platform, agents, this::row).measure();
            }
        }
        System.out.println("\n| figure | value |\n|---|---|");
        rows.forEach(System.out::println);
        System.out.printf(
                "%nJDK %s, %d processors, %s%n",
                System.getProperty("java.version"), Runtime.getRuntime().availableProcessors(), Instant.now());
        return 0;
    }

    private boolean wanted(String group) {
        return only.isEmpty() || only.equals(group);
    }

    private void row(String figure, String value) {
        System.out.println(figure + ": " + value);
        rows.add("| " + figure + " | " + value + " |");
    }

    private void starts(Path directory) throws IOException, InterruptedException {
        try (var first = Platform.start(root, directory)) {
            row(
                    "very first start to /health (unpack, initdb, migrations)",
                    first.untilHealthy().toMillis() + " ms");
        }
        var times = new ArrayList<Long>();
        for (int i = 0; i < 5; i++) {
            try (var again = Platform.start(root, directory)) {
                times.add(again.untilHealthy().toMillis());
            }
        }
        row("start with existing data to /health, n=5", told(times));
    }

    private void toOnline(Platform platform) throws IOException {
        var times = new ArrayList<Long>();
        for (int i = 0; i < 11; i++) {
            var began = System.nanoTime();
            var id = platform.create("quick " + i);
            platform.await(id, "online");
            times.add(since(began));
            platform.call("DELETE", "/workspaces/" + id, "");
        }
        row("POST /workspaces to online, process backend, n=11", told(times));
    }

    private Load.Result run(int port, int connections, byte[] request) throws InterruptedException, ExecutionException {
        return Load.run(port, connections, Duration.ofSeconds(seconds), Duration.ofSeconds(seconds), any -> request);
    }

    private void heartbeats(Platform platform) throws IOException, InterruptedException, ExecutionException {
        var requests = register(platform);
        row("resident memory with " + agents + " registered agents", platform.residentMegabytes() + " MiB");
        var noop = run(platform.port(), 64, Line.request("GET", "/session", Platform.TOKEN, ""));
        var beats = Load.run(
                platform.port(),
                64,
                Duration.ofSeconds(seconds),
                Duration.ofSeconds(seconds),
                n -> requests.get(n % requests.size()));
        row("no-op route (GET /session), 64 connections", noop.toString());
        row("authenticated heartbeats of " + agents + " agents, 64 connections", beats.toString());
        row("heartbeats compared with the no-op route", "%.2f".formatted(beats.perSecond() / noop.perSecond()));
        row("resident memory after the heartbeats", platform.residentMegabytes() + " MiB");
    }

    /// Creates and registers agents over eight connections; gives each one's heartbeat as a request.
    private List<byte[]> register(Platform platform) throws InterruptedException, ExecutionException {
        var parts = new ArrayList<Future<List<byte[]>>>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < 8; i++) {
                var count = agents / 8 + (i < agents % 8 ? 1 : 0);
                parts.add(threads.submit(() -> registerSome(platform, count)));
            }
        }
        var all = new ArrayList<byte[]>();
        for (var part : parts) {
            all.addAll(part.get());
        }
        return all;
    }

    private static List<byte[]> registerSome(Platform platform, int count) throws IOException {
        var requests = new ArrayList<byte[]>();
        for (int i = 0; i < count; i++) {
            var id = platform.call(
                            "POST",
                            "/workspaces",
                            "{\"name\":\"beating\",\"runtime\":\"external\",\"canvas\":{\"x\":0,\"y\":0}}")
                    .path("id")
                    .asText();
            var token = platform.call("POST", "/registry/register", "{\"id\":\"" + id + "\",\"agent_card\":{}}")
                    .path("auth_token")
                    .asText();
            requests.add(Line.request("POST", "/registry/heartbeat", token, "{\"workspace_id\":\"" + id + "\"}"));
        }
        return requests;
    }

    /// What one byte there and back costs here, before anything of ours.
    private static String roundTrip() throws IOException {
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Thread.ofPlatform().daemon().start(() -> {
                try (var socket = server.accept()) {
                    socket.setTcpNoDelay(true);
                    for (int next = socket.getInputStream().read();
                            next >= 0;
                            next = socket.getInputStream().read()) {
                        socket.getOutputStream().write(next);
                    }
                } catch (IOException ended) {
                    System.err.println("the echo of the floor ended: " + ended);
                }
            });
            try (var socket = new java.net.Socket(InetAddress.getLoopbackAddress(), server.getLocalPort())) {
                socket.setTcpNoDelay(true);
                var times = new ArrayList<Long>();
                for (int i = 0; i < 30_000; i++) {
                    var began = System.nanoTime();
                    socket.getOutputStream().write(1);
                    if (socket.getInputStream().read() < 0) {
                        throw new IOException("Expected an echo");
                    }
                    times.add(System.nanoTime() - began);
                }
                return "p50 " + median(times.subList(10_000, 30_000)) / 1000 + " µs";
            }
        }
    }

    /// Milliseconds since a reading of `System.nanoTime`.
    static long since(long began) {
        return (System.nanoTime() - began) / 1_000_000;
    }

    /// Times in milliseconds, as the table shows them.
    static String told(List<Long> times) {
        return "median " + median(times) + " ms, max " + Collections.max(times) + " ms";
    }

    /// The one in the middle.
    static long median(List<Long> times) {
        var sorted = times.stream().sorted().toList();
        return sorted.get(sorted.size() / 2);
    }
}
