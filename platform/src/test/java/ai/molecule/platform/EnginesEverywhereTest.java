package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.llm.LlmEmulator;
import ai.molecule.llm.SpokenScript;
import ai.molecule.platform.backend.docker.TestEngine;
import ai.molecule.platform.backend.flyio.TestFly;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
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
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

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
    private static final List<Process> outside = new ArrayList<>();

    @BeforeAll
    static void open() throws Exception {
        TestPrograms.assumeThere();
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
        outside.forEach(Process::destroyForcibly);
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

    private static String body(String name, String where, Map<String, String> more) {
        var body = Json.trusted("{\"name\":\"" + name + "\"," + where + ",\"model\":\"scripted\"}");
        var secrets = ((ObjectNode) body).putObject("secrets");
        for (var provider : List.of("OPENAI", "ANTHROPIC", "GEMINI")) {
            secrets.put(provider + "_API_KEY", KEY)
                    .put(
                            provider + "_BASE_URL",
                            (provider.equals("OPENAI") ? emulator.openAiUrl() : emulator.url()).toString());
        }
        more.forEach(secrets::put);
        return Json.text(body);
    }

    /// An image brings its program; a process finds it on this machine, and so does what the emulator of Fly runs.
    private static String managed(String runtime, String backend) throws Exception {
        return house.create(body(
                runtime + " on " + backend,
                "\"runtime\":\"" + runtime + "\",\"backend\":\"" + backend + "\"",
                backend.equals("docker") ? Map.of() : TestPrograms.VARIABLES));
    }

    private static String joined(String runtime) throws Exception {
        var made = house.post("/workspaces", body(runtime + " outside", "\"runtime\":\"external\"", Map.of()))
                .body();
        var builder = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-XX:+UseSerialGC",
                        "-jar",
                        TestHouse.AGENT_JAR.toString(),
                        "join",
                        house.url().toString(),
                        "--token",
                        made.path("connection").path("enrolment_token").asText(),
                        "--state",
                        directory.resolve(runtime).toString(),
                        "--runtime",
                        runtime)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve(runtime + ".log").toFile());
        builder.environment().putAll(TestPrograms.VARIABLES);
        outside.add(builder.start());
        return made.path("id").asText();
    }

    /// How often each engine asks its model when it calls one tool: one that thinks in steps plans and reflects
    /// besides. What is a program of others' knows the tool by a name of its own.
    @ParameterizedTest
    @CsvSource({
        "hermes, 2, ''",
        "langgraph, 4, ''",
        "claude-code, 2, mcp__molecule__",
        "gemini-cli, 2, mcp_molecule_",
        "codex, 2, mcp__molecule__"
    })
    void eachHasAPeerOnAnotherBackendDoSomething(String runtime, int calls, String prefix) throws Exception {
        Map<String, String> all = new LinkedHashMap<>();
        for (var backend : List.of("docker", "flyio", "process")) {
            all.put(backend, managed(runtime, backend));
        }
        all.put("external", joined(runtime));
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
                            "call " + prefix + "delegate_task {\\\"workspace_id\\\":\\\"" + does
                                    + "\\\",\\\"task\\\":\\\"" + inner + "\\\"}",
                            "")
                    .path("id")
                    .asText();
            house.awaitTask(asks, task, "completed");
            assertThat(String.join("", house.task(asks, task).path("artifacts").findValuesAsText("text")))
                    .startsWith("The tool answered: ")
                    .contains("done by number " + i);
            var shown = house.get("/tasks/" + task).body();
            assertThat(shown.path("tree").findValuesAsText("target_id"))
                    .as("the trace from " + asks)
                    .containsExactly(asks, does);
            assertThat(shown.path("usage").get(0).path("calls").asInt()).isEqualTo(calls);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"docker", "flyio", "process"})
    void commandsRunWhereTheAgentDoes(String backend) throws Exception {
        var id = managed("hermes", backend);
        house.awaitStatus(id, "online");
        assertThat(
                        told(
                                id,
                                "call run_command {\\\"command\\\":\\\"echo hello > note; cat note; cat $PPID /proc/1/environ\\\"}"))
                .contains("hello", "(exit code 1)")
                .doesNotContain(KEY, "PLATFORM_URL");
        assertThat(told(id, "call read_file {\\\"path\\\":\\\"note\\\"}")).isEqualTo("The tool answered: hello\n");
        assertThat(house.get("/workspaces/" + id + "/files/note")
                        .body()
                        .path("content")
                        .asText())
                .as("on the canvas too")
                .isEqualTo("hello\n");
    }

    @Test
    void whoeverRunsAnAgentSaysWhatItMayUse() throws Exception {
        var id = house.create(
                "{\"name\":\"Handless\",\"runtime\":\"hermes\",\"backend\":\"process\",\"model\":\"scripted\","
                        + "\"secrets\":{\"OPENAI_API_KEY\":\"" + KEY + "\",\"OPENAI_BASE_URL\":\""
                        + emulator.openAiUrl()
                        + "\",\"AGENT_TOOLS\":\"none\"}}");
        house.awaitStatus(id, "online");
        assertThat(told(id, "call run_command {\\\"command\\\":\\\"touch note\\\"}"))
                .contains("Unknown tool")
                .doesNotContain("exit code");
        assertThat(emulator.prompts().getLast().tools())
                .contains("list_peers")
                .doesNotContain("run_command", "read_file");
    }

    private static String told(String id, String text) throws Exception {
        var task = house.drop(id, text, "").path("id").asText();
        house.awaitTask(id, task, "completed");
        return String.join("", house.task(id, task).path("artifacts").findValuesAsText("text"));
    }

    /// What the model was asked in all: whoever thinks in steps plans once, and goes on from there.
    @ParameterizedTest
    @CsvSource({"hermes, 1", "langgraph, 3", "claude-code, 1", "gemini-cli, 1", "codex, 1"})
    void whatWasUnderWayIsTriedAgainWhereItsAgentWasKilled(String runtime, int calls) throws Exception {
        var id = managed(runtime, "process");
        house.awaitStatus(id, "online");
        var task = house.drop(id, "slowly " + "word ".repeat(12), "").path("id").asText();
        await().atMost(PATIENCE).until(() -> house.task(id, task).toString().contains("\"word \""));
        var left = TestHouse.agentOf(id).descendants().toList();
        TestHouse.agentOf(id).destroyForcibly();
        house.awaitTask(id, task, "completed");
        assertThat(String.join("", house.task(id, task).path("artifacts").findValuesAsText("text"))
                        .strip())
                .as("said once")
                .isEqualTo("word ".repeat(12).strip());
        assertThat(left).as("a program does not outlive its agent for long").noneMatch(ProcessHandle::isAlive);
        var shown = house.get("/tasks/" + task).body();
        assertThat(shown.path("attempts").asInt())
                .as("tried again, and says so")
                .isEqualTo(2);
        assertThat(shown.path("usage").findValues("calls").stream()
                        .mapToInt(JsonNode::asInt)
                        .sum())
                .isEqualTo(calls);
    }
}
