package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.llm.LlmEmulator;
import ai.molecule.llm.SpokenScript;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The real Claude Code as an agent of the house, with a model whose answers follow a script.
class ClaudeTest {

    private static final String KEY = "sk-ant-emulated-0123456789";

    private static TestHouse house;
    private static LlmEmulator emulator;

    @BeforeAll
    static void open() throws Exception {
        TestPrograms.assumeThere();
        emulator = LlmEmulator.open("127.0.0.1", 0, KEY, new SpokenScript());
        house = TestHouse.open();
    }

    @AfterAll
    static void close() {
        if (house != null) {
            house.close();
            emulator.close();
        }
    }

    private static String claude(String name) throws Exception {
        var id = house.create("{\"name\":\"" + name
                + "\",\"role\":\"codes\",\"runtime\":\"claude-code\",\"model\":\"scripted\",\"secrets\":{\"ANTHROPIC_API_KEY\":\""
                + KEY + "\",\"ANTHROPIC_BASE_URL\":\"" + emulator.url() + "\",\"CLAUDE_PROGRAM\":\""
                + TestPrograms.VARIABLES.get("CLAUDE_PROGRAM")
                + "\"}}");
        house.awaitStatus(id, "online");
        return id;
    }

    private static String outcome(String id, String task) throws Exception {
        return String.join("", house.task(id, task).path("artifacts").findValuesAsText("text"));
    }

    @Test
    void itHasItsPeersDoSomethingInTheCourseOfItsTask() throws Exception {
        var boss = claude("Boss");
        var worker = house.create("{\"name\":\"Worker\",\"runtime\":\"echo\",\"parent_id\":\"" + boss + "\"}");
        house.awaitStatus(worker, "online");
        var asked = "call mcp__molecule__delegate_task {\\\"workspace_id\\\":\\\"" + worker
                + "\\\",\\\"task\\\":\\\"well done\\\"}";
        var task = house.drop(boss, asked, "").path("id").asText();
        house.awaitTask(boss, task, "completed");
        assertThat(outcome(boss, task)).isEqualTo("The tool answered: well done");
        assertThat(house.get("/tasks/" + task).body().path("tree").findValuesAsText("target_id"))
                .as("the trace")
                .containsExactly(boss, worker);
        assertThat(house.get("/tasks/" + task)
                        .body()
                        .path("usage")
                        .get(0)
                        .path("calls")
                        .asInt())
                .isEqualTo(2);
    }

    @Test
    void itWaitsForAPersonAndGoesOnInItsSession() throws Exception {
        var id = claude("Careful");
        var asked = "call mcp__molecule__request_approval {\\\"action\\\":\\\"delete the branch\\\"}";
        var task = house.drop(id, asked, "").path("id").asText();
        house.awaitTask(id, task, "input-required");
        assertThat(house.task(id, task).path("status").toString())
                .contains("Waits for a person to decide: delete the branch");
        house.post("/workspaces/" + id + "/restart", "");
        house.awaitStatus(id, "online");
        var approval = house.get("/workspaces/" + id + "/approvals").body().get(0);
        house.post(
                "/workspaces/" + id + "/approvals/" + approval.path("id").asText() + "/decide",
                "{\"decision\":\"approved\"}");
        house.awaitTask(id, task, "completed");
        var last = emulator.prompts().getLast();
        assertThat(last.asked()).contains("delete the branch", "\"status\":\"approved\"");
        assertThat(last.first()).as("the same session").contains(asked.replace("\\\"", "\""));
    }

    @Test
    void whatIsMissingIsSeenBeforeTheFirstMessage() throws Exception {
        var id = house.create(
                "{\"name\":\"Keyless\",\"runtime\":\"claude-code\",\"secrets\":{\"CLAUDE_PROGRAM\":\"/none\"}}");
        house.awaitStatus(id, "degraded");
        assertThat(house.get("/workspaces/" + id).text("status_reason"))
                .contains("npm install -g @anthropic-ai/claude-code", "ANTHROPIC_API_KEY");
    }
}
