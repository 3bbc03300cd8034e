package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.llm.LlmEmulator;
import ai.molecule.llm.SpokenScript;
import ai.molecule.protocol.Json;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// What agents are configured with, from whoever writes it to the model that hears it.
class ConfigurationTest {

    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String KEY = "sk-emulated-0123456789";

    private static TestHouse house;
    private static LlmEmulator emulator;

    @BeforeAll
    static void open() throws Exception {
        emulator = LlmEmulator.open("127.0.0.1", 0, KEY, new SpokenScript());
        house = TestHouse.open();
    }

    @AfterAll
    static void close() {
        house.close();
        emulator.close();
    }

    private static String thinking(String name, String runtime) throws Exception {
        return house.create("{\"name\":\"" + name + "\",\"runtime\":\"" + runtime
                + "\",\"secrets\":{\"OPENAI_API_KEY\":\"" + KEY + "\",\"OPENAI_BASE_URL\":\"" + emulator.openAiUrl()
                + "\"}}");
    }

    private static TestHouse.Heard save(String id, String path, String content) throws Exception {
        return house.admin(
                "PUT",
                "/workspaces/" + id + "/configuration/" + path,
                Json.text(Json.object().put("content", content)));
    }

    private static String told() {
        return emulator.prompts().getLast().turns().getFirst().text();
    }

    @Test
    void anAgentIsWhatItsConfigurationSaysWithTheNextMessage() throws Exception {
        var id = thinking("Reviewer", "hermes");
        house.awaitStatus(id, "degraded");
        assertThat(house.get("/workspaces/" + id).text("last_sample_error"))
                .as("missing, and named before the first message")
                .contains("model: expected");
        var saved = save(id, "config.yaml", "# whose it is\nrole: reads code\nmodel: scripted\nfuture_thing: 1\n");
        assertThat(saved.status()).isEqualTo(200);
        assertThat(saved.body().path("warnings").toString()).contains("future_thing: is kept, but is not known");
        assertThat(save(id, "system-prompt.md", "Answer in one line.").status()).isEqualTo(200);
        assertThat(save(
                                id,
                                "skills/review/SKILL.md",
                                "---\nname: Review\ndescription: Finds faults\n---\nRead it twice.")
                        .status())
                .isEqualTo(200);
        await().atMost(PATIENCE).untilAsserted(() -> {
            // The first ones may still find what was known before.
            house.say(id, TestHouse.ADMIN_TOKEN, "say read");
            assertThat(told()).contains("reads code", "Answer in one line.", "# Skill: Review", "Read it twice.");
        });
        await().atMost(PATIENCE).untilAsserted(() -> {
            assertThat(house.get("/workspaces/" + id)
                            .body()
                            .at("/agent_card/skills")
                            .toString())
                    .as("its card tells")
                    .contains("\"Finds faults\"");
            assertThat(house.status(id)).isEqualTo("online");
        });
        assertThat(house.get("/workspaces/" + id + "/configuration")
                        .body()
                        .path("files")
                        .path("config.yaml")
                        .asText())
                .as("no comment is lost, and nothing unknown")
                .startsWith("# whose it is\n")
                .contains("future_thing: 1");
        assertThat(house.get("/events/" + id).body().toString())
                .contains("CONFIGURATION_CHANGED", "skills/review/SKILL.md")
                .doesNotContain("Read it twice");
    }

    @Test
    void aGraphOfItsOwnIsWalked() throws Exception {
        var id = thinking("Walker", "langgraph");
        save(id, "config.yaml", """
                model: scripted
                graph:
                  start: answer
                  steps:
                    answer: {kind: act, next: end}
                """);
        house.awaitStatus(id, "online");
        var task = house.drop(id, "say straight on", "").path("id").asText();
        house.awaitTask(id, task, "completed");
        assertThat(house.get("/tasks/" + task)
                        .body()
                        .path("usage")
                        .get(0)
                        .path("calls")
                        .asInt())
                .as("no plan, no second look")
                .isEqualTo(1);
    }

    @Test
    void whatCannotBeReadIsRefusedAndNothingIsSaved() throws Exception {
        var id = house.create("{\"name\":\"Clumsy\",\"runtime\":\"echo\"}");
        assertThat(save(id, "config.yaml", "name: kept\n").status()).isEqualTo(200);
        var refused = save(id, "config.yaml", "name: [unfinished\n");
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.text("error")).startsWith("config.yaml, line 1, column ");
        for (var path : new String[] {".auth_token", "a/.secrets.json", "a%2F..%2Fb", "a%20b"}) {
            assertThat(save(id, path, "x").status()).as(path).isIn(400, 404);
        }
        assertThat(save(id, "long.md", "x".repeat(256 * 1024 + 1)).status()).isEqualTo(413);
        assertThat(house.admin("PUT", "/workspaces/" + id + "/configuration/a.md", "{}")
                        .status())
                .isEqualTo(400);
        assertThat(house.admin("PUT", "/workspaces/" + id + "/configuration", "{\"files\":{\"a\":1}}")
                        .status())
                .isEqualTo(400);
        assertThat(house.admin("DELETE", "/workspaces/" + id + "/configuration/none.md", "")
                        .status())
                .isEqualTo(404);
        assertThat(house.get("/workspaces/" + id + "/configuration").body().path("files"))
                .hasToString("{\"config.yaml\":\"name: kept\\n\"}");
    }

    @Test
    void whoeverReadAnOlderVersionOverwritesNothing() throws Exception {
        var id = house.create("{\"name\":\"Shared\",\"runtime\":\"echo\"}");
        var path = "/workspaces/" + id + "/configuration";
        save(id, "config.yaml", "name: one\n");
        var tag = house.get(path).response().headers().firstValue("ETag").orElseThrow();
        save(id, "config.yaml", "name: two\n");
        var late = house.call(
                "PUT",
                path + "/config.yaml",
                TestHouse.ADMIN_TOKEN,
                "{\"content\":\"name: three\"}",
                Map.of("If-Match", tag));
        assertThat(late.status()).isEqualTo(409);
        assertThat(house.get(path).body().toString()).contains("name: two");
        assertThat(house.admin("PUT", path, "{\"files\":{\"system-prompt.md\":\"new\"}}")
                        .body()
                        .path("files"))
                .hasToString("{\"system-prompt.md\":\"new\"}");
        var same = house.get(path).response().headers().firstValue("ETag").orElseThrow();
        assertThat(house.call("GET", path, TestHouse.ADMIN_TOKEN, "", Map.of("If-None-Match", same))
                        .status())
                .isEqualTo(304);
    }

    @Test
    void agentsReadTheirOwnAndWriteNone() throws Exception {
        var mine = house.post("/workspaces", "{\"name\":\"Mine\",\"runtime\":\"external\"}")
                .body();
        var other = house.create("{\"name\":\"Other\",\"runtime\":\"echo\"}");
        var token = house.post("/workspaces/" + mine.path("id").asText() + "/tokens", "{}")
                .text("auth_token");
        var own = "/workspaces/" + mine.path("id").asText() + "/configuration";
        assertThat(house.call("GET", own, token, "", Map.of()).status()).isEqualTo(200);
        assertThat(house.call("PUT", own + "/config.yaml", token, "{\"content\":\"\"}", Map.of())
                        .status())
                .isEqualTo(403);
        assertThat(house.call("GET", "/workspaces/" + other + "/configuration", token, "", Map.of())
                        .status())
                .isEqualTo(403);
    }
}
