package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.llm.LlmEmulator;
import ai.molecule.llm.Reply;
import ai.molecule.llm.SpokenScript;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// What agents take of models, what it costs, and how much it may.
class SpendingTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final String KEY = "sk-emulated-0123456789";

    /// Three seconds of words, and then a tool: again and again.
    private static final Reply PONDERING = new Reply.Said(
            Collections.nCopies(30, "hm "),
            List.of(new Reply.ToolCall("list_peers", "{}")),
            Duration.ofMillis(100),
            Reply.End.WHOLE);

    private static TestHouse house;
    private static LlmEmulator emulator;

    @BeforeAll
    static void open() throws Exception {
        var spoken = new SpokenScript();
        emulator = LlmEmulator.open(
                "127.0.0.1", 0, KEY, prompt -> prompt.asked().equals("ponder") ? PONDERING : spoken.answer(prompt));
        house = TestHouse.open();
    }

    @AfterAll
    static void close() {
        house.close();
        emulator.close();
    }

    private static String thinking(String model, String more) throws Exception {
        var id = house.create("{\"name\":\"Thinks with " + model + "\",\"runtime\":\"hermes\",\"model\":\"" + model
                + "\",\"secrets\":{\"OPENAI_API_KEY\":\"" + KEY + "\",\"OPENAI_BASE_URL\":\"" + emulator.openAiUrl()
                + "\"}" + more + "}");
        house.awaitStatus(id, "online");
        return id;
    }

    private static String done(String id, String text) throws Exception {
        var task = house.drop(id, text, "").path("id").asText();
        house.awaitTask(id, task, "completed");
        return task;
    }

    private static void price(String model, double input, double output) throws Exception {
        var answer = house.post(
                "/model-prices", "{\"model\":\"" + model + "\",\"input\":" + input + ",\"output\":" + output + "}");
        assertThat(answer.status()).isEqualTo(200);
    }

    private static JsonNode budget(String id) throws Exception {
        return house.get("/workspaces/" + id + "/budget").body();
    }

    private static TestHouse.Heard limit(String id, String cents) throws Exception {
        return house.admin("PATCH", "/workspaces/" + id + "/budget", "{\"budget_limit\":" + cents + "}");
    }

    @Test
    void whatATaskTookIsKeptByTaskDayAndWorkspace() throws Exception {
        price("counted", 250_000, 500_000);
        var id = thinking("counted", "");
        var task = done(id, "say one two three four");
        var byTask = house.get("/tasks/" + task).body().path("usage");
        assertThat(byTask).hasSize(1);
        var input = byTask.get(0).path("input_tokens").asLong();
        var output = byTask.get(0).path("output_tokens").asLong();
        assertThat(input).isPositive();
        assertThat(output).isPositive();
        assertThat(byTask.get(0).path("cost").asDouble()).as("cents").isEqualTo(25.0 * input + 50.0 * output);
        done(id, "say one two three four");
        var days = house.get("/workspaces/" + id + "/usage").body();
        assertThat(days).hasSize(1);
        assertThat(days.get(0).path("calls").asInt()).isEqualTo(2);
        assertThat(days.get(0).path("model").asText()).isEqualTo("counted");
        assertThat(days.get(0).path("output_tokens").asLong()).isEqualTo(2 * output);
        var cost = days.get(0).path("cost").asDouble();
        assertThat(budget(id).path("monthly_spend").asDouble()).isEqualTo(cost);
        assertThat(budget(id).path("budget_limit").isNull()).isTrue();
        assertThat(house.get("/workspaces/" + id).body().path("monthly_spend").asDouble())
                .isEqualTo(cost);
        assertThat(house.get("/usage").body().findValuesAsText("workspace_id")).contains(id);
    }

    @Test
    void whatSeveralTriesTookOfOneTaskAddsUp() throws Exception {
        price("asking", 1_000_000, 1_000_000);
        var id = thinking("asking", "");
        var task = house.drop(id, "call request_approval {\\\"action\\\":\\\"count\\\"}", "")
                .path("id")
                .asText();
        house.awaitTask(id, task, "input-required");
        var asked = house.get("/workspaces/" + id + "/approvals")
                .body()
                .get(0)
                .path("id")
                .asText();
        house.post("/workspaces/" + id + "/approvals/" + asked + "/decide", "{\"decision\":\"approved\"}");
        house.awaitTask(id, task, "completed");
        assertThat(house.get("/tasks/" + task)
                        .body()
                        .path("usage")
                        .get(0)
                        .path("calls")
                        .asInt())
                .isEqualTo(2);
    }

    @Test
    void aBudgetWarnsAndThenStopsWhateverIsStartedAnew() throws Exception {
        price("dear", 0, 100_000);
        var id = thinking("dear", ",\"budget_limit\":100");
        assertThat(budget(id).path("budget_remaining").asInt()).isEqualTo(100);
        done(id, "say " + "word ".repeat(8).strip());
        assertThat(budget(id).path("monthly_spend").asInt()).isEqualTo(100);
        await().atMost(PATIENCE).until(() -> budget(id).path("state").asText().equals("stopped"));
        var refused = house.say(id, TestHouse.ADMIN_TOKEN, "say one more");
        assertThat(refused.status()).isEqualTo(402);
        assertThat(refused.body().path("error").path("message").asText()).contains("budget of this month is used up");
        house.restart();
        house.awaitStatus(id, "online");
        assertThat(house.say(id, TestHouse.ADMIN_TOKEN, "say one more").status())
                .isEqualTo(402);
        limit(id, "130");
        assertThat(budget(id).path("state").asText()).as("above 80 %").isEqualTo("open");
        limit(id, "120");
        assertThat(budget(id).path("state").asText()).isEqualTo("warned");
        assertThat(TestHouse.texts(house.say(id, TestHouse.ADMIN_TOKEN, "say on")))
                .containsExactly("on");
        assertThat(house.get("/events/" + id).body().findValuesAsText("event_type"))
                .contains("BUDGET_CHANGED");
    }

    @Test
    void whatIsUnderWayIsEndedWhenTheBudgetIs() throws Exception {
        price("endless", 0, 1_000_000);
        var id = thinking("endless", ",\"budget_limit\":1");
        var task = house.drop(id, "ponder", "").path("id").asText();
        house.awaitTask(id, task, "failed");
        assertThat(house.task(id, task).path("status").path("message").toString())
                .contains("its budget of this month is used up");
        assertThat(budget(id).path("budget_remaining").asInt()).isZero();
    }

    @Test
    void aCostThatNobodyKnowsStopsABudgetUntilSomebodySays() throws Exception {
        var id = thinking("mystery-1", ",\"budget_limit\":1000");
        done(id, "say hello");
        assertThat(budget(id).path("unpriced_models").get(0).asText()).isEqualTo("mystery-1");
        var refused = house.say(id, TestHouse.ADMIN_TOKEN, "say hello");
        assertThat(refused.status()).isEqualTo(402);
        assertThat(refused.body().toString()).contains("nobody said what the model mystery-1 costs");
        price("mystery-*", 1, 1);
        assertThat(budget(id).path("state").asText()).isEqualTo("open");
        assertThat(budget(id).path("monthly_spend").asInt())
                .as("what it took before has a cost now")
                .isEqualTo(1);
        done(id, "say hello");
        assertThat(house.admin("DELETE", "/model-prices?model=mystery-*", "").status())
                .isEqualTo(200);
        assertThat(house.admin("DELETE", "/model-prices?model=mystery-*", "").status())
                .isEqualTo(404);
    }

    @Test
    void aNewMonthBeginsWithNothingSpent() throws Exception {
        price("monthly", 0, 1_000_000);
        var id = thinking("monthly", ",\"budget_limit\":1");
        house.drop(id, "say hello", "");
        await().atMost(PATIENCE).until(() -> budget(id).path("state").asText().equals("stopped"));
        house.sql("update spending set month = month - interval '1 month' where workspace_id = '" + id + "'");
        await().atMost(PATIENCE).until(() -> budget(id).path("state").asText().equals("open"));
        assertThat(budget(id).path("monthly_spend").asInt()).isZero();
        limit(id, "null");
        done(id, "say hello");
    }

    @Test
    void whatIsDelegatedToSomebodyWithoutABudgetIsRefusedInWords() throws Exception {
        var boss = thinking("free", "");
        var worker = house.create(
                "{\"name\":\"Broke\",\"runtime\":\"echo\",\"budget_limit\":0,\"parent_id\":\"" + boss + "\"}");
        var asked = "call delegate_task {\\\"workspace_id\\\":\\\"" + worker + "\\\",\\\"task\\\":\\\"x\\\"}";
        var task = done(boss, asked);
        assertThat(String.join("", house.task(boss, task).path("artifacts").findValuesAsText("text")))
                .contains("budget of this month is used up");
    }

    @Test
    void whatIsWrongIsRefusedAndAnAgentSetsNothing() throws Exception {
        var id = house.create("{\"name\":\"Greedy\",\"runtime\":\"external\"}");
        var token = house.post(
                        "/registry/register",
                        "{\"id\":\"" + id + "\",\"agent_card\":{\"name\":\"x\"},\"delivery_mode\":\"poll\"}")
                .text("auth_token");
        assertThat(house.call("PATCH", "/workspaces/" + id + "/budget", token, "{\"budget_limit\":null}", Map.of())
                        .status())
                .isEqualTo(403);
        for (var bad : new String[] {"-1", "\"much\"", "1.5", "100000001"}) {
            assertThat(limit(id, bad).status()).as(bad).isEqualTo(400);
        }
        assertThat(house.admin("PATCH", "/workspaces/" + id + "/budget", "{}").status())
                .isEqualTo(400);
        assertThat(house.post("/model-prices", "{\"model\":\"a*b\",\"input\":1,\"output\":1}")
                        .status())
                .isEqualTo(400);
        assertThat(house.post("/model-prices", "{\"model\":\"ab\",\"input\":-1,\"output\":1}")
                        .status())
                .isEqualTo(400);
        assertThat(house.get("/workspaces/" + id + "/usage?days=367").status()).isEqualTo(400);
        assertThat(house.post("/workspaces", "{\"name\":\"x\",\"budget_limit\":-5}")
                        .status())
                .isEqualTo(400);
    }
}
