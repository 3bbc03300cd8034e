package ai.molecule.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;

/// The docker backend on the engine of this machine: how fast agents in containers come, end and come back.
final class Containers {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final List<String> RUNTIMES =
            List.of("echo", "hermes", "langgraph", "claude-code", "gemini-cli", "codex");
    private static final int STARTS = 15;
    private static final int CRASHES = 9;
    private static final int CLAIMS = 9;
    private static final int AT_ONCE = 20;

    private final Path root;
    private final BiConsumer<String, String> row;

    Containers(Path root, BiConsumer<String, String> row) {
        this.root = root;
        this.row = row;
    }

    void measure() throws IOException, InterruptedException {
        var prefix = System.getenv().getOrDefault("WORKSPACE_IMAGE_PREFIX", "ghcr.io/molecule-ai/workspace-");
        var there = new ArrayList<String>();
        for (var runtime : RUNTIMES) {
            var size = docker("image", "inspect", "--format", "{{.Size}}", prefix + runtime + ":latest");
            if (!size.isEmpty()) {
                row.accept("image of the " + runtime + " runtime", Long.parseLong(size) / 1_000_000 + " MB");
                there.add(runtime);
            }
        }
        if (!there.contains("echo")) {
            row.accept("docker backend", "not measured: no engine with " + prefix + "echo:latest");
            return;
        }
        var settings = new HashMap<>(Map.of("CONTAINER_BACKEND", "docker", "DOCKER_SUBNETS", "10.247.0.0/16"));
        for (var name : List.of("DOCKER_HOST", "WORKSPACE_IMAGE_PREFIX")) {
            if (System.getenv(name) != null) {
                settings.put(name, System.getenv(name));
            }
        }
        var before = houses();
        try (var platform = Platform.start(root, Files.createTempDirectory("molecule-bench"), settings)) {
            // The first start puts the fence up and is not counted.
            remove(platform, List.of(platform.online("first")));
            for (var runtime : there) {
                starts(platform, runtime);
            }
            crashes(platform);
            atOnce(platform);
        }
        settings.put("WARM_POOL_SIZE", "1");
        try (var platform = Platform.start(root, Files.createTempDirectory("molecule-bench"), settings)) {
            claims(platform);
        }
        for (var left : houses()) {
            if (!before.contains(left)) {
                docker("network", "rm", left);
            }
        }
    }

    /// The networks in which platforms listen for agents.
    private static List<String> houses() throws IOException {
        return docker("network", "ls", "-q", "--filter", "label=ai.molecule.part=house")
                .lines()
                .toList();
    }

    private void starts(Platform platform, String runtime) throws IOException {
        var times = new ArrayList<Long>();
        for (int i = 0; i < STARTS; i++) {
            var began = System.nanoTime();
            var id = platform.online("quick " + i, runtime);
            times.add(Bench.since(began));
            remove(platform, List.of(id));
        }
        row.accept(
                "POST /workspaces to online, docker backend, " + runtime + ", image present, n=" + STARTS,
                Bench.told(times));
    }

    private void claims(Platform platform) throws IOException {
        var times = new ArrayList<Long>();
        for (int i = 0; i < CLAIMS; i++) {
            awaitSpare();
            var began = System.nanoTime();
            var id = platform.online("warm " + i);
            times.add(Bench.since(began));
            remove(platform, List.of(id));
        }
        row.accept("POST /workspaces to online, docker backend, from a warm pool, n=" + CLAIMS, Bench.told(times));
    }

    /// Waits until an agent says that it was made ahead.
    private static void awaitSpare() throws IOException {
        var until = System.nanoTime() + PATIENCE.toNanos();
        while (System.nanoTime() < until) {
            var container = docker("ps", "-q", "--filter", "label=ai.molecule.ahead");
            if (!container.isEmpty() && docker("logs", container).endsWith("the platform answers with status 200")) {
                return;
            }
            LockSupport.parkNanos(Platform.LOOK_PACE.toNanos());
        }
        throw new IOException("Expected an agent that was made ahead");
    }

    private void crashes(Platform platform) throws IOException, InterruptedException {
        var offline = new ArrayList<Long>();
        var again = new ArrayList<Long>();
        for (int i = 0; i < CRASHES; i++) {
            var id = platform.online("phoenix " + i);
            var container = docker("ps", "-q", "--filter", "label=ai.molecule.workspace=" + id);
            var began = System.nanoTime();
            docker("kill", container);
            platform.await(id, "offline", "provisioning");
            offline.add(Bench.since(began));
            platform.await(id, "online");
            again.add(Bench.since(began));
            remove(platform, List.of(id));
        }
        row.accept("docker kill to offline, the command included, n=" + CRASHES, Bench.told(offline));
        row.accept("docker kill to online again, n=" + CRASHES, Bench.told(again));
    }

    private void atOnce(Platform platform) throws IOException {
        var began = System.nanoTime();
        var ids = new ArrayList<String>();
        for (int i = 0; i < AT_ONCE; i++) {
            ids.add(platform.create("one of many " + i));
        }
        for (var id : ids) {
            platform.await(id, "online");
        }
        row.accept(AT_ONCE + " workspaces created at once, until the last is online", Bench.since(began) + " ms");
        remove(platform, ids);
    }

    /// Removes workspaces and waits until their containers are gone, so that the next measurement has the
    /// machine.
    private static void remove(Platform platform, List<String> ids) throws IOException {
        for (var id : ids) {
            platform.call("DELETE", "/workspaces/" + id, "");
        }
        for (var id : ids) {
            while (!docker("network", "ls", "-q", "--filter", "label=ai.molecule.workspace=" + id)
                    .isEmpty()) {
                LockSupport.parkNanos(Platform.LOOK_PACE.toNanos());
            }
        }
    }

    private static String docker(String... words) throws IOException {
        var command = new ArrayList<String>();
        command.add("docker");
        command.addAll(List.of(words));
        try {
            var process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return process.waitFor() == 0 ? said : "";
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            return "";
        }
    }
}
