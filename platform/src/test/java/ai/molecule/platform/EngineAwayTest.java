package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.molecule.platform.backend.docker.TestEngine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/// An engine of its own that is stopped, killed and started again under living agents.
class EngineAwayTest {

    /// One of its own: an engine without a bridge takes that of others away.
    private static final String BRIDGE = "molaway" + ProcessHandle.current().pid() % 100_000;

    private static final int AGENTS = 20;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /// Longer than it takes until the platform compares what should run with what does.
    private static final Duration STOCK = Duration.ofSeconds(6);

    @TempDir(cleanup = CleanupMode.NEVER)
    private Path directory;

    private Process containerd;
    private Process engine;
    private TestHouse house;

    @BeforeEach
    void open() throws Exception {
        var main = TestEngine.host();
        assumeTrue(exit("command -v dockerd && [ $(id -u) = 0 ]") == 0, "starting an engine takes root and dockerd");
        shell("ip link add name " + BRIDGE + " type bridge && ip addr add 172.28.254.1/24 dev " + BRIDGE);
        containerd = startContainerd();
        engine = startEngine();
        var image = TestEngine.PREFIX + "echo:latest";
        shell("docker -H " + main + " save " + image + " | docker -H " + host() + " load");
        var settings = new HashMap<>(TestEngine.houseSettings());
        settings.put("DOCKER_HOST", host());
        settings.put("DOCKER_SUBNETS", "10.244.0.0/16");
        house = TestHouse.open(settings);
    }

    @AfterEach
    void close() throws Exception {
        if (house != null) {
            house.close();
            shell("docker -H " + host() + " ps -aq | xargs -r docker -H " + host() + " rm -f");
            shell("docker -H " + host() + " network ls -q --filter label=ai.molecule.platform | xargs -r docker -H "
                    + host() + " network rm");
        }
        for (var process : java.util.Arrays.asList(engine, containerd)) {
            if (process != null) {
                process.destroy();
                process.waitFor();
            }
        }
        exit("ip link del " + BRIDGE);
        // The engine mounts its own data, and a killed one does not take that back.
        shell("umount " + directory + "/data 2>/dev/null; rm -rf " + directory);
    }

    private String host() {
        return "unix://" + directory + "/engine.sock";
    }

    /// A service of its own, as Linux distributions have it: the engine may go, containers stay.
    private Process startContainerd() throws IOException {
        var process = new ProcessBuilder(
                        "containerd",
                        "--root=" + directory + "/containerd",
                        "--state=" + directory + "/state",
                        "--address=" + directory + "/containerd.sock")
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("containerd.log").toFile())
                .start();
        await().atMost(PATIENCE).until(() -> Files.exists(directory.resolve("containerd.sock")));
        return process;
    }

    private Process startEngine() throws IOException {
        var log = directory.resolve("log").toFile();
        var process = new ProcessBuilder(
                        "dockerd",
                        "--data-root=" + directory + "/data",
                        "--exec-root=" + directory + "/exec",
                        "--pidfile=" + directory + "/pid",
                        "--host=" + host(),
                        "--containerd=" + directory + "/containerd.sock",
                        "--bridge=" + BRIDGE,
                        "--live-restore")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log))
                .start();
        await().atMost(PATIENCE).until(() -> exit("docker -H " + host() + " version") == 0);
        return process;
    }

    private List<String> agents(int count) throws Exception {
        var ids = new ArrayList<String>();
        for (int i = 0; i < count; i++) {
            ids.add(house.create("{\"name\":\"agent " + i + "\",\"tier\":1}"));
        }
        ids.forEach(
                id -> await(id).atMost(PATIENCE).until(() -> house.status(id).equals("online")));
        return ids;
    }

    @Test
    void anEngineThatIsKilledTakesNobodyWithItAndNobodyIsStartedForNothing() throws Exception {
        var ids = agents(AGENTS);
        engine.destroyForcibly().waitFor();
        var late = house.create("{\"name\":\"late\",\"tier\":1}");
        await().atMost(PATIENCE)
                .until(() ->
                        house.get("/workspaces/" + late).text("status_reason").equals("waiting for the docker engine"));
        for (var id : ids) {
            assertThat(house.status(id)).isEqualTo("online");
            assertThat(TestHouse.texts(house.say(id, TestHouse.ADMIN_TOKEN, "still there")))
                    .contains("still there");
        }
        Files.deleteIfExists(directory.resolve("pid"));
        engine = startEngine();
        await().atMost(PATIENCE).until(() -> house.status(late).equals("online"));
        await().during(STOCK).atMost(PATIENCE).untilAsserted(() -> {
            for (var one : house.get("/workspaces").body()) {
                assertThat(one.path("status").asText() + " " + one.path("epoch").asInt())
                        .isEqualTo("online 1");
            }
        });
        // And its events are heard again, sooner than stock is taken.
        shell("docker -H " + host() + " kill $(docker -H " + host() + " ps -q --filter label=ai.molecule.workspace="
                + ids.getFirst() + ")");
        await().atMost(Duration.ofSeconds(2))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> !house.status(ids.getFirst()).equals("online"));
        await().atMost(PATIENCE)
                .until(() -> house.get("/workspaces/" + ids.getFirst())
                                .body()
                                .path("epoch")
                                .asInt()
                        == 2);
    }

    @Test
    void whatEndedWhileTheEngineWasAwayIsFoundWhenItIsBack() throws Exception {
        var ids = agents(2);
        var pids = output("docker -H " + host() + " inspect -f '{{.State.Pid}}' $(docker -H " + host()
                + " ps -q --filter label=ai.molecule.workspace=" + ids.getFirst() + ")");
        engine.destroyForcibly().waitFor();
        shell("kill -9 " + pids);
        Files.deleteIfExists(directory.resolve("pid"));
        engine = startEngine();
        await().atMost(PATIENCE)
                .until(() -> house.get("/workspaces/" + ids.getFirst())
                                .body()
                                .path("epoch")
                                .asInt()
                        == 2);
        await().atMost(PATIENCE).until(() -> house.status(ids.getFirst()).equals("online"));
        assertThat(house.get("/workspaces/" + ids.getLast())
                        .body()
                        .path("epoch")
                        .asInt())
                .isEqualTo(1);
    }

    private static void shell(String line) throws IOException, InterruptedException {
        assertThat(exit(line)).as(line).isZero();
    }

    private static int exit(String line) throws IOException, InterruptedException {
        return new ProcessBuilder("sh", "-c", line)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    private static String output(String line) throws IOException {
        var process = new ProcessBuilder("sh", "-c", line).start();
        return new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8).strip();
    }
}
