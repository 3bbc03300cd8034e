package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.llm.LlmEmulator;
import ai.molecule.llm.SpokenScript;
import java.time.Duration;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Agents that think, with a model whose answers follow a script.
class HermesTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
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

    private static String thinking(String name) throws Exception {
        var id = house.create("{\"name\":\"" + name
                + "\",\"role\":\"counts\",\"runtime\":\"hermes\",\"model\":\"openai:scripted\",\"secrets\":{\"OPENAI_API_KEY\":\""
                + KEY + "\",\"OPENAI_BASE_URL\":\"" + emulator.openAiUrl() + "\"}}");
        house.awaitStatus(id, "online");
        return id;
    }

    private static String answer(String id, String more, String text) throws Exception {
        var task = house.drop(id, text, more).path("id").asText();
        house.awaitTask(id, task, "completed");
        return house.task(id, task).path("artifacts").findValuesAsText("text").stream()
                .collect(Collectors.joining());
    }

    @Test
    void itAnswersWithItsModelRemembersAndTellsWhatItTook() throws Exception {
        var id = thinking("Thinker");
        var context = ",\"contextId\":\"a talk\"";
        var task = house.drop(id, "say good morning to you", context).path("id").asText();
        house.awaitTask(id, task, "completed");
        var done = house.task(id, task);
        assertThat(String.join("", done.path("artifacts").findValuesAsText("text")))
                .isEqualTo("good morning to you");
        var usage = done.path("metadata").path("usage");
        assertThat(usage.path("model").asText()).isEqualTo("scripted");
        assertThat(usage.path("calls").asInt()).isEqualTo(1);
        assertThat(usage.path("output_tokens").asInt()).isEqualTo(5);
        house.post("/workspaces/" + id + "/restart", "");
        assertThat(answer(id, context, "first")).as("another life").isEqualTo("say good morning to you");
        assertThat(answer(id, "", "count")).as("another context").isEqualTo("2");
        assertThat(emulator.prompts().getLast().turns().getFirst().text()).contains("Thinker", "counts");
    }

    @Test
    void anotherModelComesWithTheNextMessage() throws Exception {
        var id = thinking("Changing");
        assertThat(house.get("/workspaces/" + id).text("model")).isEqualTo("openai:scripted");
        house.admin("PATCH", "/workspaces/" + id, "{\"model\":\"another/model-2\"}");
        await().atMost(PATIENCE).until(() -> {
            answer(id, "", "say x");
            return emulator.prompts().getLast().model().equals("another/model-2");
        });
    }

    @Test
    void whatIsMissingIsSeenBeforeTheFirstMessage() throws Exception {
        var id = house.create("{\"name\":\"Penniless\",\"runtime\":\"hermes\"}");
        await().atMost(PATIENCE).until(() -> house.status(id).equals("degraded"));
        assertThat(house.get("/workspaces/" + id).text("status_reason"))
                .contains("set \"model\" of the workspace", "OPENAI_API_KEY");
        house.admin("PATCH", "/workspaces/" + id, "{\"model\":\"scripted\"}");
        house.post("/workspaces/" + id + "/secrets", "{\"key\":\"OPENAI_API_KEY\",\"value\":\"" + KEY + "\"}");
        house.post(
                "/workspaces/" + id + "/secrets?restart=true",
                "{\"key\":\"OPENAI_BASE_URL\",\"value\":\"" + emulator.openAiUrl() + "\"}");
        house.awaitStatus(id, "online");
        assertThat(answer(id, "", "say here I am")).isEqualTo("here I am");
    }

    @Test
    void itHasItsPeersDoSomethingInTheCourseOfItsTask() throws Exception {
        var boss = thinking("Boss");
        var worker = house.create("{\"name\":\"Worker\",\"runtime\":\"echo\",\"parent_id\":\"" + boss + "\"}");
        house.awaitStatus(worker, "online");
        var asked = "call delegate_task {\\\"workspace_id\\\":\\\"" + worker + "\\\",\\\"task\\\":\\\"well done\\\"}";
        var task = house.drop(boss, asked, "").path("id").asText();
        house.awaitTask(boss, task, "completed");
        assertThat(String.join("", house.task(boss, task).path("artifacts").findValuesAsText("text")))
                .isEqualTo("The tool answered: well done");
        assertThat(house.get("/tasks/" + task).body().path("tree").findValuesAsText("target_id"))
                .as("the trace")
                .containsExactly(boss, worker);
        assertThat(emulator.prompts().getLast().tools()).contains("delegate_task", "list_peers");
    }

    @Test
    void whatAModelRefusesIsTheTasksOwnFailure() throws Exception {
        var id = thinking("Refused");
        var task = house.drop(id, "fail 418", "").path("id").asText();
        house.awaitTask(id, task, "failed");
        assertThat(house.task(id, task).path("status").path("message").toString())
                .contains("418", "Asked to fail")
                .doesNotContain(KEY);
    }

    @Test
    void aTaskIsCanceledInTheMiddleOfAnAnswer() throws Exception {
        var id = thinking("Slow");
        var task =
                house.drop(id, "slowly " + "word ".repeat(200), "").path("id").asText();
        await().atMost(PATIENCE).until(() -> house.task(id, task).toString().contains("\"word \""));
        house.post("/tasks/" + task + "/cancel", "");
        house.awaitTask(id, task, "canceled");
        assertThat(answer(id, "", "say free again")).isEqualTo("free again");
    }
}
