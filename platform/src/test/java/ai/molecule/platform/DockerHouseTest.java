package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.platform.backend.docker.TestEngine;
import ai.molecule.protocol.Json;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The whole house over a real Docker engine: from `POST /workspaces` to an answer out of a container, and
/// back.
class DockerHouseTest {

    private static TestHouse house;
    private static TestEngine engine;

    @BeforeAll
    static void open() throws Exception {
        var settings = new HashMap<>(TestEngine.houseSettings());
        settings.put("PORT", String.valueOf(freePort()));
        house = TestHouse.open(settings);
        engine = TestEngine.of(house.platformId());
    }

    @AfterAll
    static void close() throws Exception {
        if (house != null) {
            house.close();
            engine.clear();
            engine.close();
        }
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static String online(String body) throws Exception {
        var id = house.create(body);
        house.awaitStatus(id, "online");
        return id;
    }

    @Test
    void anAgentInAContainerAnswers() throws Exception {
        var id = online("{\"name\":\"boxed\"}");
        assertThat(house.get("/workspaces/" + id).text("backend")).isEqualTo("docker");
        assertThat(TestHouse.texts(house.say(id, TestHouse.ADMIN_TOKEN, "hello from a box")))
                .contains("hello from a box");
    }

    @Test
    void agentsTalkThroughThePlatformOnly() throws Exception {
        var one = online("{\"name\":\"one\"}");
        var two = online("{\"name\":\"two\"}");
        assertThat(TestHouse.texts(house.say(one, TestHouse.ADMIN_TOKEN, "ask " + two + " are you there")))
                .contains("are you there");
        var other = engine.address(engine.container(two));
        assertThat(reach(engine.container(one), other, 8000)).isEqualTo("no");
        // The same question to itself, so that the answer above means something.
        assertThat(reach(engine.container(two), other, 8000)).isEqualTo("yes");
    }

    @Test
    void ofTheHostAWorkspaceReachesThePlatformAndNothingElse() throws Exception {
        var id = online("{\"name\":\"fenced\"}");
        var container = engine.container(id);
        var bridge = engine.gateway(container);
        var platform = List.of(engine.inspect(container).getConfig().getEnv()).stream()
                .filter(one -> one.startsWith("PLATFORM_URL="))
                .findFirst()
                .orElseThrow()
                .replaceFirst("PLATFORM_URL=http://([^:]+):.*", "$1");
        var neighbour = HttpServer.create(new InetSocketAddress("0.0.0.0", 0), 0);
        neighbour.start();
        try {
            assertThat(reach(container, platform, house.port())).isEqualTo("yes");
            assertThat(reach(container, platform, neighbour.getAddress().getPort()))
                    .isEqualTo("no");
            assertThat(reach(container, bridge, neighbour.getAddress().getPort()))
                    .isEqualTo("no");
        } finally {
            neighbour.stop(0);
        }
    }

    @Test
    void theCloudsMetadataIsOutOfReach() throws Exception {
        // A stand-in for the metadata service, in a network of its own, that the host does reach.
        var space = "mol" + ProcessHandle.current().pid();
        var address = "169.254.77.77";
        command("ip netns add " + space);
        try {
            command("ip link add " + space + "a type veth peer name " + space + "b");
            command("ip link set " + space + "b netns " + space);
            command("ip addr add 169.254.77.1/24 dev " + space + "a");
            command("ip link set " + space + "a up");
            command("ip netns exec " + space + " ip addr add " + address + "/24 dev " + space + "b");
            command("ip netns exec " + space + " ip link set " + space + "b up");
            command("ip netns exec " + space + " ip route add default via 169.254.77.1");
            var service = new ProcessBuilder(
                            "ip", "netns", "exec", space, "busybox", "nc", "-ll", "-p", "80", "-e", "/bin/echo")
                    .start();
            try {
                await().atMost(Duration.ofSeconds(10)).until(() -> {
                    try (var socket = new java.net.Socket()) {
                        socket.connect(new InetSocketAddress(address, 80), 500);
                        return true;
                    } catch (IOException notYet) {
                        return false;
                    }
                });
                var id = online("{\"name\":\"curious\"}");
                assertThat(reach(engine.container(id), address, 80)).isEqualTo("no");
            } finally {
                service.destroyForcibly();
            }
        } finally {
            command("ip netns del " + space);
        }
    }

    @Test
    void aContainerIsHardened() throws Exception {
        var id = online("{\"name\":\"hard\",\"tier\":1}");
        var container = engine.container(id);
        var status = engine.run(container, "cat", "/proc/1/status");
        assertThat(status)
                .containsPattern("Uid:\\s+10001\\s+10001")
                .containsPattern("CapEff:\\s+0000000000000000")
                .containsPattern("CapBnd:\\s+0000000000000000")
                .containsPattern("NoNewPrivs:\\s+1")
                .containsPattern("Seccomp:\\s+2");
        var mounts = engine.run(container, "cat", "/proc/mounts").lines().toList();
        assertThat(mounts.getFirst()).startsWith("overlay / ").contains(" ro,");
        assertThat(mounts)
                .anyMatch(line -> line.contains(" /tmp ") && line.contains("noexec") && line.contains("nosuid"))
                .noneMatch(line -> line.contains("docker.sock"));
        assertThat(engine.run(container, "touch", "/x")).contains("Read-only file system");
        var told = engine.inspect(container);
        var host = told.getHostConfig();
        assertThat(host.getPrivileged()).isFalse();
        assertThat(host.getPidMode()).isEmpty();
        assertThat(host.getMemory()).isEqualTo(256L << 20);
        assertThat(host.getMemorySwap()).isEqualTo(256L << 20);
        assertThat(host.getNanoCPUs()).isEqualTo(500_000_000L);
        assertThat(host.getPidsLimit()).isEqualTo(256L);
        assertThat(host.getPortBindings()).isNull();
        assertThat(told.getMounts()).allMatch(mount -> mount.getName() != null);
    }

    @Test
    void secretsReachTheAgentAndNobodyWhoInspects() throws Exception {
        var id = online("{\"name\":\"keeper\",\"secrets\":{\"A_KEY\":\"sesame-open-wide\"}}");
        assertThat(TestHouse.texts(house.say(id, TestHouse.ADMIN_TOKEN, "secret A_KEY")))
                .contains("A_KEY has 16 characters");
        var told = engine.inspect(engine.container(id));
        assertThat(told.toString() + List.of(told.getConfig().getEnv()))
                .doesNotContain("sesame")
                .doesNotContain("mol_enr");
        assertThat(engine.run(engine.container(id), "ls", "-lan", "/configs"))
                .containsPattern("drwx------ .* 10001 .* [.]\\n")
                .containsPattern("-rw------- .* 10001 .* .auth_token")
                .containsPattern("-rw------- .* 10001 .* .secrets.json");
    }

    @Test
    void aKilledContainerIsOfflineWithinASecondAndBackWithinThree() throws Exception {
        var id = online("{\"name\":\"phoenix\"}");
        var began = System.nanoTime();
        engine.kill(engine.container(id));
        await().pollInterval(Duration.ofMillis(10))
                .atMost(Duration.ofSeconds(1))
                .until(() -> !house.status(id).equals("online"));
        house.awaitStatus(id, "online");
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(10));
        assertThat(house.get("/workspaces/" + id).body().path("epoch").asInt()).isEqualTo(2);
    }

    @Test
    void aRestartedPlatformFindsItsAgentsAsTheyWere() throws Exception {
        var id = online("{\"name\":\"patient\"}");
        var container = engine.container(id);
        house.restart();
        house.awaitStatus(id, "online");
        assertThat(TestHouse.texts(house.say(id, TestHouse.ADMIN_TOKEN, "still here?")))
                .contains("still here?");
        assertThat(engine.container(id)).isEqualTo(container);
        assertThat(house.get("/workspaces/" + id).body().path("epoch").asInt()).isEqualTo(1);
    }

    @Test
    void aSleeperIsWokenByAMessageAndKeepsWhatItWrote() throws Exception {
        var id = online("{\"name\":\"sleeper\"}");
        engine.run(engine.container(id), "sh", "-c", "echo kept > /workspace/note");
        assertThat(house.post("/workspaces/" + id + "/hibernate", "").status()).isEqualTo(200);
        var asleep = engine.inspect(engine.container(id));
        await().until(() -> !engine.runs(asleep.getId()));
        var task = house.drop(id, "wake up", "");
        house.awaitStatus(id, "online");
        assertThat(task).isNotNull();
        assertThat(engine.run(engine.container(id), "cat", "/workspace/note")).isEqualTo("kept");
    }

    @Test
    void whatIsRemovedLeavesNothing() throws Exception {
        var id = online("{\"name\":\"leaver\"}");
        var container = engine.container(id);
        var before = engine.left();
        house.admin("DELETE", "/workspaces/" + id, "");
        await().atMost(Duration.ofSeconds(20))
                .until(() -> engine.left()
                        .equals(before.stream().map(count -> count - 1).toList()));
        assertThat(engine.runs(container)).isFalse();
    }

    @Test
    void whatItWroteIsKeptWhenThatIsAsked() throws Exception {
        var id = online("{\"name\":\"keeper of notes\"}");
        var before = engine.left();
        house.admin("DELETE", "/workspaces/" + id + "?keep_data=true", "");
        await().atMost(Duration.ofSeconds(20)).until(() -> !engine.volume("molecule-" + id + "-configs"));
        assertThat(engine.left()).containsExactly(before.get(0) - 1, before.get(1) - 1, before.get(2));
        assertThat(engine.volume("molecule-" + id + "-workspace")).isTrue();
    }

    @Test
    void anotherRuntimeAndTierComeWithTheNextStart() throws Exception {
        var draft = Json.object()
                .put("image", TestEngine.PREFIX + "echo:latest")
                .put("port", 8124)
                .put("tier_min", 2);
        assertThat(house.admin("PUT", "/runtimes/newer", draft.toString()).status())
                .isEqualTo(200);
        var id = online("{\"name\":\"mover\",\"tier\":1}");
        assertThat(house.admin("PATCH", "/workspaces/" + id, "{\"runtime\":\"newer\"}")
                        .text("error"))
                .contains("Expected \"tier\" of at least 2");
        assertThat(house.admin("PATCH", "/workspaces/" + id, "{\"runtime\":\"newer\",\"tier\":2}")
                        .status())
                .isEqualTo(200);
        house.post("/workspaces/" + id + "/restart", "");
        await().atMost(Duration.ofSeconds(20))
                .until(() -> house.get("/workspaces/" + id).body().path("epoch").asInt() == 2);
        assertThat(engine.inspect(engine.container(id)).getHostConfig().getMemory())
                .isEqualTo(512L << 20);
        assertThat(List.of(engine.inspect(engine.container(id)).getConfig().getEnv()))
                .contains("PORT=8124");
        house.admin("DELETE", "/runtimes/newer", "");
    }

    @Test
    void aRuntimeOfOnesOwnIsAnImageThatMeetsTheContract() throws Exception {
        var draft =
                Json.object().put("image", TestEngine.PREFIX + "echo:latest").put("port", 8123);
        draft.putArray("required_env").add("MUST_HAVE");
        assertThat(house.admin("PUT", "/runtimes/mine", draft.toString()).status())
                .isEqualTo(200);
        var id = house.create("{\"name\":\"own\",\"runtime\":\"mine\"}");
        house.awaitStatus(id, "failed");
        assertThat(house.get("/workspaces/" + id).text("status_reason")).contains("MUST_HAVE");
        assertThat(house.post("/workspaces/" + id + "/secrets", "{\"key\":\"MUST_HAVE\",\"value\":\"it has it\"}")
                        .status())
                .isEqualTo(200);
        house.post("/workspaces/" + id + "/restart", "");
        house.awaitStatus(id, "online");
        assertThat(TestHouse.texts(house.say(id, TestHouse.ADMIN_TOKEN, "on a port of its own")))
                .contains("on a port of its own");
        house.admin("DELETE", "/runtimes/mine", "");
    }

    /// `yes` when a connection from inside a container comes about.
    private static String reach(String container, String host, int port) throws Exception {
        return engine.run(
                container, "sh", "-c", "nc -w 2 " + host + " " + port + " -e true 2>/dev/null && echo yes || echo no");
    }

    private static void command(String line) throws IOException, InterruptedException {
        var words = new ArrayList<>(List.of(line.split(" ", -1)));
        var process = new ProcessBuilder(words).redirectErrorStream(true).start();
        var said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s: %s", line, said).isZero();
    }
}
