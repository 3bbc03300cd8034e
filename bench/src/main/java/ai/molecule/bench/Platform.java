package ai.molecule.bench;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;

/// A platform under measurement, started as `./molecule up` starts it.
final class Platform implements AutoCloseable {

    static final String TOKEN = "the-bench-operators-token";
    static final Duration LOOK_PACE = Duration.ofMillis(5);
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final Process process;
    private final int port;
    private final Duration untilHealthy;

    private Platform(Process process, int port, Duration untilHealthy) {
        this.process = process;
        this.port = port;
        this.untilHealthy = untilHealthy;
    }

    static Platform start(Path root, Path directory) throws IOException, InterruptedException {
        return start(root, directory, Map.of("CONTAINER_BACKEND", "process"));
    }

    /// Starts one with settings of its own.
    static Platform start(Path root, Path directory, Map<String, String> settings)
            throws IOException, InterruptedException {
        var port = freePort();
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin/java").toString(),
                "-XX:+UseSerialGC",
                "-Xmx1g",
                "-XX:+ExitOnOutOfMemoryError"));
        var cache = root.resolve("platform/target/platform.aot");
        // The JVM takes classes of an older jar from a cache without a word.
        if (Files.exists(cache) && newer(cache, root.resolve("platform/target/molecule-platform-0.1.0.jar"))) {
            command.addAll(List.of("-XX:AOTCache=" + cache, "-Xlog:aot*=off", "-Xlog:cds*=off"));
        }
        command.addAll(List.of(
                "-Dmolecule.agent.jar=" + root.resolve("agent/target/molecule-agent-0.1.0-all.jar"),
                "-jar",
                root.resolve("platform/target/molecule-platform-0.1.0.jar").toString()));
        var builder = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("platform.log").toFile());
        // Nothing of the caller's settings: above all not its database.
        builder.environment().clear();
        builder.environment().put("PATH", System.getenv("PATH"));
        builder.environment().put("PORT", String.valueOf(port));
        builder.environment().put("DATA_DIR", directory.resolve("data").toString());
        builder.environment().put("ADMIN_TOKEN", TOKEN);
        builder.environment().putAll(settings);
        var began = System.nanoTime();
        var process = builder.start();
        while (process.isAlive()
                && System.nanoTime() - began < Duration.ofSeconds(60).toNanos()) {
            try (var line = new Line(port)) {
                if (line.call(Line.request("GET", "/health", TOKEN, "")).status() == 200) {
                    return new Platform(process, port, Duration.ofNanos(System.nanoTime() - began));
                }
            } catch (IOException notYet) {
                LockSupport.parkNanos(Duration.ofMillis(5).toNanos());
            }
        }
        throw new IOException(
                "Expected the platform to come up, but: " + Files.readString(directory.resolve("platform.log")));
    }

    int port() {
        return port;
    }

    Duration untilHealthy() {
        return untilHealthy;
    }

    /// Calls the API and reads the answer.
    JsonNode call(String method, String path, String body) throws IOException {
        try (var line = new Line(port)) {
            return Json.trusted(
                    line.call(Line.request(method, path, TOKEN, body)).body());
        }
    }

    /// Calls the API with more headers.
    JsonNode call(String method, String path, String body, List<String> headers) throws IOException {
        try (var line = new Line(port)) {
            return Json.trusted(
                    line.call(Line.request(method, path, TOKEN, body, headers)).body());
        }
    }

    /// Creates a workspace; gives its id.
    String create(String name) throws IOException {
        return create(name, "echo");
    }

    /// Creates a workspace of a runtime, with all that its agent needs to be well.
    private String create(String name, String runtime) throws IOException {
        var wanted = Json.object().put("name", name).put("runtime", runtime).put("model", "openai:measured");
        wanted.putObject("secrets").put("OPENAI_API_KEY", "sk-measured").put("ANTHROPIC_API_KEY", "sk-measured");
        var made = call("POST", "/workspaces", wanted.toString());
        if (!made.has("id")) {
            throw new IOException("Expected a workspace, but found " + made);
        }
        return made.path("id").asText();
    }

    /// Creates a workspace and waits until its agent is there; gives its id.
    String online(String name) throws IOException {
        var id = create(name);
        await(id, "online");
        return id;
    }

    /// The same of a runtime.
    String online(String name, String runtime) throws IOException {
        var id = create(name, runtime);
        await(id, "online");
        return id;
    }

    /// Waits until a workspace is in one of several states.
    void await(String id, String... states) throws IOException {
        var until = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < until) {
            var status = call("GET", "/workspaces/" + id, "").path("status").asText();
            if (List.of(states).contains(status)) {
                return;
            }
            LockSupport.parkNanos(LOOK_PACE.toNanos());
        }
        throw new IOException("Expected workspace " + id + " to become " + String.join(" or ", states));
    }

    /// What is alive on the platform's heap, in bytes: after a full collection.
    long heapBytes() throws IOException {
        jcmd("GC.run");
        var used = Pattern.compile("total [0-9]+K, used ([0-9]+)K")
                .matcher(jcmd("GC.heap_info"))
                .results()
                .mapToLong(match -> Long.parseLong(match.group(1)) * 1024)
                .sum();
        if (used == 0) {
            throw new IOException("Expected jcmd to tell the heap of " + process.pid());
        }
        return used;
    }

    private String jcmd(String command) throws IOException {
        var jcmd = Path.of(System.getProperty("java.home"), "bin/jcmd").toString();
        var run = new ProcessBuilder(jcmd, String.valueOf(process.pid()), command)
                .redirectErrorStream(true)
                .start();
        return new String(run.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    /// Waits until something listens on a port.
    static void awaitPort(int port) throws IOException {
        var until = System.nanoTime() + Duration.ofSeconds(20).toNanos();
        while (System.nanoTime() < until) {
            try {
                new Line(port).close();
                return;
            } catch (IOException notYet) {
                LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
            }
        }
        throw new IOException("Expected something to listen on " + port);
    }

    /// Resident memory of the platform's process, in MiB.
    long residentMegabytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/" + process.pid() + "/status")).stream()
                .filter(line -> line.startsWith("VmRSS:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024)
                .findFirst()
                .orElse(0);
    }

    static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(20, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
            process.destroyForcibly();
        }
    }

    private static boolean newer(Path one, Path other) throws IOException {
        return Files.getLastModifiedTime(one).compareTo(Files.getLastModifiedTime(other)) > 0;
    }
}
