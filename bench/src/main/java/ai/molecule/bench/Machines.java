package ai.molecule.bench;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;

/// The flyio backend against the emulator with Fly's rate limits and about Fly's times: what the platform adds
/// to them, how many calls it needs, and how long a burst takes.
final class Machines {

    private static final int STARTS = 9;
    private static final Duration WATCHED = Duration.ofSeconds(60);
    private static final Duration BURST_PATIENCE = Duration.ofMinutes(30);

    private final Path root;
    private final int burst;
    private final BiConsumer<String, String> row;

    Machines(Path root, int burst, BiConsumer<String, String> row) {
        this.root = root;
        this.burst = burst;
        this.row = row;
    }

    void measure() throws IOException, InterruptedException {
        var java = Path.of(System.getProperty("java.home"), "bin/java").toString();
        var agent = List.of(
                java,
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-XX:AOTCache=" + root.resolve("agent/target/agent.aot"),
                "-Xlog:aot*=off",
                "-jar",
                root.resolve("agent/target/molecule-agent-0.1.0-all.jar").toString());
        try (var fly = Emulator.start(root, agent);
                var platform = Platform.start(root, Files.createTempDirectory("molecule-bench"), fly.settings())) {
            lives(platform, fly);
        }
        var script = Files.createTempFile("molecule-bench", ".py");
        try (var small = Machines.class.getResourceAsStream("small_agent.py")) {
            if (small == null) {
                throw new IllegalStateException("Expected small_agent.py beside this class");
            }
            Files.write(script, small.readAllBytes());
        }
        try (var fly = Emulator.start(root, List.of("python3", script.toString()));
                var platform = Platform.start(root, Files.createTempDirectory("molecule-bench"), fly.settings())) {
            atOnce(platform, fly);
        } finally {
            Files.deleteIfExists(script);
        }
    }

    /// One workspace after the other: created, put to sleep, woken by a message, removed.
    private void lives(Platform platform, Emulator fly) throws IOException, InterruptedException {
        platform.call("DELETE", "/workspaces/" + platform.online("first"), "");
        var asked = new ArrayList<Long>();
        var own = new ArrayList<Long>();
        var registered = new ArrayList<Long>();
        var slept = new ArrayList<Long>();
        var woken = new ArrayList<Long>();
        for (int i = 0; i < STARTS; i++) {
            // Fly lets an app make one machine a second; what is measured is not the wait for its turn.
            LockSupport.parkNanos(Duration.ofSeconds(2).toNanos());
            var began = System.currentTimeMillis();
            var id = platform.online("sleeper " + i);
            var online = System.currentTimeMillis();
            var machine = platform.call("GET", "/workspaces/" + id, "")
                    .path("instance")
                    .asText()
                    .replaceFirst("@.*", "");
            var launched = fly.when(machine, "launch");
            var started = fly.when(machine, "start");
            asked.add(launched - began);
            own.add(started - launched);
            registered.add(online - started);
            var sleeps = System.nanoTime();
            platform.call("POST", "/workspaces/" + id + "/hibernate", "");
            fly.get("/v1/apps/agents/machines/" + machine + "/wait?state=suspended&timeout=20");
            slept.add(Bench.since(sleeps));
            platform.await(id, "hibernated");
            LockSupport.parkNanos(Duration.ofSeconds(2).toNanos());
            var wakes = System.nanoTime();
            var answer = platform.call(
                    "POST",
                    "/workspaces/" + id + "/a2a",
                    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"message/send\",\"params\":{\"message\":"
                            + "{\"role\":\"user\",\"parts\":[{\"kind\":\"text\",\"text\":\"good morning\"}]}}}");
            awaitAnswer(platform, answer);
            woken.add(Bench.since(wakes));
            platform.call("DELETE", "/workspaces/" + id, "");
        }
        row.accept("flyio: POST /workspaces until Fly is asked for a machine, n=" + STARTS, Bench.told(asked));
        row.accept("flyio: the machine's own time, created to started", Bench.told(own));
        row.accept("flyio: started to online: the agent boots and registers", Bench.told(registered));
        row.accept("flyio: hibernate to suspended (400 ms of it Fly's)", Bench.told(slept));
        row.accept("flyio: a message to a suspended agent, to its answer (250 ms of it Fly's)", Bench.told(woken));
    }

    private static void awaitAnswer(Platform platform, JsonNode answer) throws IOException {
        if (answer.path("result").path("artifacts").isEmpty()) {
            // It waits in the mailbox until its agent is awake.
            var task = answer.path("result").path("id").asText();
            while (!platform.call("GET", "/tasks/" + task, "")
                    .path("state")
                    .asText()
                    .equals("completed")) {
                LockSupport.parkNanos(Platform.LOOK_PACE.toNanos());
            }
        }
    }

    private void atOnce(Platform platform, Emulator fly) throws IOException, InterruptedException {
        var began = System.nanoTime();
        for (int i = 0; i < burst; i++) {
            platform.create("one of many " + i);
        }
        row.accept(burst + " POST /workspaces one after the other, all accepted", Bench.since(began) + " ms");
        var online = 0;
        while (online < burst && System.nanoTime() - began < BURST_PATIENCE.toNanos()) {
            LockSupport.parkNanos(Duration.ofSeconds(1).toNanos());
            online = 0;
            for (var one : platform.call("GET", "/workspaces", "")) {
                online += one.path("status").asText().equals("online") ? 1 : 0;
            }
        }
        row.accept(
                burst + " Fly machines in one burst, until the last is online (Fly allows one a second)",
                online < burst ? online + " of them" : Bench.since(began) / 1000 + " s");
        var before = fly.calls();
        row.accept("calls of Fly's API for it, those refused for their rate", shown(before));
        Thread.sleep(WATCHED);
        var after = fly.calls();
        before.forEach((operation, count) -> after.merge(operation, -count, Integer::sum));
        row.accept("calls of Fly's API in a minute with " + burst + " agents online", shown(after));
    }

    private static String shown(Map<String, Integer> calls) {
        var limited = calls.getOrDefault("RATE_LIMITED", 0);
        var parts = new ArrayList<String>();
        calls.forEach((operation, count) -> {
            if (count > 0 && !operation.equals("RATE_LIMITED")) {
                parts.add(operation + " " + count);
            }
        });
        return String.join(", ", parts) + "; refused for their rate: " + limited;
    }

    /// The emulator as a program of its own.
    private record Emulator(Process process, Map<String, String> settings, HttpClient client) implements AutoCloseable {

        static Emulator start(Path root, List<String> run) throws IOException {
            var builder = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin/java").toString(),
                            "-XX:+UseSerialGC",
                            "-Xmx256m",
                            "-jar",
                            root.resolve("fly-emulator/target/molecule-fly-emulator-0.1.0-all.jar")
                                    .toString())
                    .redirectError(ProcessBuilder.Redirect.DISCARD);
            builder.environment().clear();
            builder.environment()
                    .putAll(Map.of(
                            "PATH",
                            System.getenv("PATH"),
                            "PORT",
                            "0",
                            "PROXY_PORT",
                            "0",
                            "RUN",
                            String.join(" ", run)));
            var process = builder.start();
            var settings = new HashMap<>(
                    Map.of("CONTAINER_BACKEND", "flyio", "WORKSPACE_IMAGE_PREFIX", "registry.example/workspace-"));
            var said = process.inputReader();
            for (var line = said.readLine(); line != null; line = said.readLine()) {
                if (line.contains("FLY_FLAPS_BASE_URL=")) {
                    for (var pair : line.strip().split(" ", -1)) {
                        settings.put(pair.replaceFirst("=.*", ""), pair.replaceFirst("^[^=]*=", ""));
                    }
                    return new Emulator(process, settings, HttpClient.newHttpClient());
                }
            }
            throw new IOException("Expected the emulator to come up, but it ended");
        }

        JsonNode get(String path) throws IOException, InterruptedException {
            var request = HttpRequest.newBuilder(URI.create(settings.getOrDefault("FLY_FLAPS_BASE_URL", "") + path))
                    .header("Authorization", "FlyV1 " + settings.getOrDefault("FLY_API_TOKEN", ""))
                    .build();
            return Json.trusted(
                    client.send(request, HttpResponse.BodyHandlers.ofString()).body());
        }

        /// When a machine had its newest event of a type, in milliseconds of the epoch.
        long when(String machine, String type) throws IOException, InterruptedException {
            for (var event : get("/v1/apps/agents/machines/" + machine + "/events")) {
                if (event.path("type").asText().equals(type)) {
                    return event.path("timestamp").asLong();
                }
            }
            throw new IOException("Expected an event " + type + " of machine " + machine);
        }

        Map<String, Integer> calls() throws IOException, InterruptedException {
            var counts = new TreeMap<String, Integer>();
            get("/_emulator/calls")
                    .properties()
                    .forEach(one -> counts.put(one.getKey(), one.getValue().asInt()));
            return counts;
        }

        @Override
        public void close() {
            client.close();
            process.destroy();
            try {
                process.waitFor();
            } catch (InterruptedException hurried) {
                Thread.currentThread().interrupt();
                process.destroyForcibly();
            }
        }
    }
}
