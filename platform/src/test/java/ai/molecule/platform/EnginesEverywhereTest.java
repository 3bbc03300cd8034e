package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.llm.LlmEmulator;
import ai.molecule.llm.SpokenScript;
import ai.molecule.platform.backend.docker.TestEngine;
import ai.molecule.platform.backend.flyio.TestFly;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Agents that think, wherever they run: in a container, on a Fly machine, as a process, and where nobody manages
/// them. The containers share this machine's network, so that they reach the model.
class EnginesEverywhereTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String KEY = "sk-emulated-0123456789";

    @TempDir
    private static Path directory;

    private static LlmEmulator emulator;
    private static TestFly fly;
    private static TestHouse house;
    private static TestEngine engine;
    private static @Nullable Process outside;

    @BeforeAll
    static void open() throws Exception {
        var settings = new HashMap<>(TestEngine.houseSettings());
        emulator = LlmEmulator.open("127.0.0.1", 0, KEY, new SpokenScript());
        fly = TestFly.running();
        fly.variables("docker").forEach(settings::putIfAbsent);
        settings.put("WORKSPACE_NETWORK", "host");
        settings.put("PORT", String.valueOf(freePort()));
        house = TestHouse.open(settings);
        engine = TestEngine.of(house.platformId());
    }

    @AfterAll
    static void close() throws Exception {
        if (outside != null) {
            outside.destroyForcibly();
        }
        if (house != null) {
            house.close();
            engine.clear();
            engine.close();
            fly.close();
            emulator.close();
        }
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static String body(String name, String where) {
        return "{\"name\":\"" + name + "\"," + where + ",\"model\":\"scripted\",\"secrets\":{\"OPENAI_API_KEY\":\""
                + KEY + "\",\"OPENAI_BASE_URL\":\"" + emulator.openAiUrl() + "\"}}";
    }

    private static String managed(String backend) throws Exception {
        return house.create(body("on " + backend, "\"runtime\":\"hermes\",\"backend\":\"" + backend + "\""));
    }

    private static String joined() throws Exception {
        var made = house.post("/workspaces", body("outside", "\"runtime\":\"external\""))
                .body();
        outside = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-XX:+UseSerialGC",
                        "-jar",
                        TestHouse.AGENT_JAR.toString(),
                        "join",
                        house.url().toString(),
                        "--token",
                        made.path("connection").path("enrolment_token").asText(),
                        "--state",
                        directory.resolve("outside").toString(),
                        "--runtime",
                        "hermes")
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("outside.log").toFile())
                .start();
        return made.path("id").asText();
    }

    @Test
    void eachHasAPeerOnAnotherBackendDoSomething() throws Exception {
        Map<String, String> all = new LinkedHashMap<>();
        for (var backend : List.of("docker", "flyio", "process")) {
            all.put(backend, managed(backend));
        }
        all.put("external", joined());
        for (var id : all.values()) {
            house.awaitStatus(id, "online");
        }
        var ids = new ArrayList<>(all.values());
        for (int i = 0; i < ids.size(); i++) {
            var asks = ids.get(i);
            var does = ids.get((i + 1) % ids.size());
            var inner = "say done by number " + i;
            var task = house.drop(
                            asks,
                            "call delegate_task {\\\"workspace_id\\\":\\\"" + does + "\\\",\\\"task\\\":\\\"" + inner
                                    + "\\\"}",
                            "")
                    .path("id")
                    .asText();
            house.awaitTask(asks, task, "completed");
            assertThat(String.join("", house.task(asks, task).path("artifacts").findValuesAsText("text")))
                    .isEqualTo("The tool answered: done by number " + i);
            var shown = house.get("/tasks/" + task).body();
            assertThat(shown.path("tree").findValuesAsText("target_id"))
                    .as("the trace from " + asks)
                    .containsExactly(asks, does);
            assertThat(shown.path("usage").get(0).path("calls").asInt()).isEqualTo(2);
        }
    }

    @Test
    void whatWasUnderWayIsTriedAgainWhereItsAgentWasKilled() throws Exception {
        var id = managed("process");
        house.awaitStatus(id, "online");
        var task = house.drop(id, "slowly " + "word ".repeat(12), "").path("id").asText();
        await().atMost(PATIENCE).until(() -> house.task(id, task).toString().contains("\"word \""));
        TestHouse.agentOf(id).destroyForcibly();
        house.awaitTask(id, task, "completed");
        assertThat(String.join("", house.task(id, task).path("artifacts").findValuesAsText("text"))
                        .strip())
                .as("said once")
                .isEqualTo("word ".repeat(12).strip());
        assertThat(house.get("/tasks/" + task).body().path("attempts").asInt())
                .as("tried again, and says so")
                .isEqualTo(2);
    }
}
