package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.platform.backend.docker.TestEngine;
import ai.molecule.platform.backend.flyio.TestFly;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// One organisation whose agents run in a container, on a Fly machine, as a process and on hardware that nobody
/// manages: one tree, one canvas, everybody reachable.
class MixedHouseTest {

    private static TestFly fly;
    private static TestHouse house;
    private static TestEngine engine;

    @BeforeAll
    static void open() throws Exception {
        var settings = new HashMap<>(TestEngine.houseSettings());
        fly = TestFly.running();
        fly.variables("docker").forEach(settings::putIfAbsent);
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
            fly.close();
        }
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static String online(String name, String backend, String parent) throws Exception {
        var id = house.create(
                "{\"name\":\"" + name + "\",\"backend\":\"" + backend + "\",\"secrets\":{\"KEY\":\"12345\"}"
                        + (parent.isEmpty() ? "" : ",\"parent_id\":\"" + parent + "\"") + "}");
        house.awaitStatus(id, "online");
        return id;
    }

    private static List<String> answer(String id, String text) throws Exception {
        return TestHouse.texts(house.say(id, TestHouse.ADMIN_TOKEN, text));
    }

    @Test
    void oneTreeOfFourKindsTalks() throws Exception {
        try (var far = new ScriptedAgent(turn -> turn.task("COMPLETED"))) {
            var boxed = online("boxed", "docker", "");
            var flown = online("flown", "flyio", boxed);
            var here = online("here", "process", boxed);
            var remote = house.create("{\"name\":\"remote\",\"runtime\":\"external\",\"parent_id\":\"" + boxed + "\"}");
            house.register(remote, far.port());
            house.awaitStatus(remote, "online");
            assertThat(answer(boxed, "ask " + flown + " over the sea")).contains("over the sea");
            assertThat(answer(flown, "ask " + here + " back ashore")).contains("back ashore");
            assertThat(answer(here, "ask " + boxed + " up the tree")).contains("up the tree");
            assertThat(house.say(here, TestHouse.ADMIN_TOKEN, "ask " + remote + " far away")
                            .status())
                    .isEqualTo(200);
            assertThat(far.calls("SendStreamingMessage") + far.calls("SendMessage"))
                    .isEqualTo(1);
            var shown = new ArrayList<String>();
            house.get("/workspaces").body().forEach(one -> {
                if (one.path("id").asText().equals(boxed)
                        || one.path("parent_id").asText().equals(boxed)) {
                    shown.add(one.path("name").asText() + " "
                            + one.path("backend").asText() + " "
                            + one.path("status").asText());
                }
            });
            assertThat(shown)
                    .containsExactlyInAnyOrder(
                            "boxed docker online",
                            "flown flyio online",
                            "here process online",
                            "remote external online");
        }
    }

    @Test
    void aWorkspaceGoesAroundAllThatThereIs() throws Exception {
        var id = online("traveller", "docker", "");
        house.admin("PATCH", "/workspaces/" + id, "{\"x\":321,\"y\":123}");
        for (var next : List.of("flyio", "process", "docker")) {
            assertThat(house.admin("PATCH", "/workspaces/" + id, "{\"backend\":\"" + next + "\"}")
                            .status())
                    .isEqualTo(200);
            var task = house.drop(id, "secret KEY", "").path("id").asText();
            house.awaitTask(id, task, "completed");
            assertThat(house.task(id, task).toString()).contains("KEY has 5 characters");
            var shown = house.get("/workspaces/" + id);
            assertThat(shown.text("backend")).isEqualTo(next);
            assertThat(shown.body().path("x").asInt()).isEqualTo(321);
        }
        await().atMost(Duration.ofSeconds(30))
                .until(() -> fly.emulator().machines().stream()
                        .noneMatch(machine -> id.equals(machine.metadata().get("molecule_workspace"))));
    }
}
