package ai.molecule.bench;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// A platform under measurement, started as `./molecule up` starts it.
final class Platform implements AutoCloseable {

    static final String TOKEN = "the-bench-operators-token";

    private final Process process;
    private final int port;
    private final Duration untilHealthy;

    private Platform(Process process, int port, Duration untilHealthy) {
        this.process = process;
        this.port = port;
        this.untilHealthy = untilHealthy;
    }

    static Platform start(Path root, Path directory) throws IOException, InterruptedException {
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
