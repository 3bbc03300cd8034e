package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.llm.LlmEmulator;
import ai.molecule.llm.SpokenScript;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// What agents remember, who sees it, and how it is found.
class MemoryTest {

    private static final String KEY = "sk-emulated-0123456789";

    private static TestHouse house;
    private static String root;
    private static String child;
    private static String sibling;
    private static String grandchild;
    private static String otherRoot;
    private static String stranger;

    @BeforeAll
    static void open() throws Exception {
        house = TestHouse.open();
        root = make("Root", "");
        child = make("Child", root);
        sibling = make("Sibling", root);
        grandchild = make("Grandchild", child);
        otherRoot = make("Other", "");
        stranger = make("Stranger", otherRoot);
    }

    @AfterAll
    static void close() {
        house.close();
    }

    private static String make(String name, String parent) throws Exception {
        return house.create("{\"name\":\"" + name + "\",\"runtime\":\"external\""
                + (parent.isEmpty() ? "" : ",\"parent_id\":\"" + parent + "\"") + "}");
    }

    private static TestHouse.Heard commit(String id, String scope, String content) throws Exception {
        return house.post(
                "/workspaces/" + id + "/memories",
                "{\"scope\":\"" + scope + "\",\"content\":\"" + content + "\",\"namespace\":\"tests\"}");
    }

    private static JsonNode recall(String id, String query) throws Exception {
        var answer = house.get("/workspaces/" + id + "/memories?q=" + URLEncoder.encode(query, StandardCharsets.UTF_8));
        assertThat(answer.status()).isEqualTo(200);
        return answer.body();
    }

    private static List<String> seen(String id) throws Exception {
        return house.get("/workspaces/" + id + "/memories?namespace=tests")
                .body()
                .findValuesAsText("content");
    }

    @Test
    void scopesFollowTheHierarchy() throws Exception {
        commit(child, "LOCAL", "only the child");
        commit(child, "TEAM", "the child's team");
        assertThat(commit(root, "GLOBAL", "for everybody").status()).isEqualTo(201);
        assertThat(seen(child)).contains("only the child", "the child's team", "for everybody");
        for (var relative : List.of(root, sibling, grandchild)) {
            assertThat(seen(relative))
                    .contains("the child's team", "for everybody")
                    .doesNotContain("only the child");
        }
        for (var far : List.of(otherRoot, stranger)) {
            assertThat(seen(far)).contains("for everybody").doesNotContain("only the child", "the child's team");
        }
        var refused = commit(child, "GLOBAL", "I speak for all");
        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.text("error")).isEqualTo("only root workspaces can write GLOBAL memories");
        assertThat(seen(root)).doesNotContain("I speak for all");
    }

    @Test
    void whatIsAskedIsFoundByItsMeaning() throws Exception {
        var id = make("Thoughtful", "");
        commit(id, "LOCAL", "The customer prefers invoices in euros");
        commit(id, "LOCAL", "Deploys happen on Tuesday mornings");
        commit(id, "LOCAL", "Bananas are yellow");
        var billing = recall(id, "How should we bill this client?");
        assertThat(billing).hasSize(1);
        assertThat(billing.get(0).path("content").asText()).isEqualTo("The customer prefers invoices in euros");
        assertThat(billing.get(0).path("similarity_score").asDouble()).isBetween(0.2, 1.0);
        assertThat(recall(id, "When do we release?").get(0).path("content").asText())
                .isEqualTo("Deploys happen on Tuesday mornings");
        assertThat(recall(id, "bananas").get(0).path("content").asText()).isEqualTo("Bananas are yellow");
        assertThat(recall(id, "quantum chromodynamics")).isEmpty();
    }

    @Test
    void namesAndNumbersAreFoundByTheirWords() throws Exception {
        var id = make("Exact", "");
        commit(id, "LOCAL", "Ticket XJ-4711-B was closed by the vendor");
        commit(id, "LOCAL", "Ticket XJ-4712-C is still open");
        var found = recall(id, "XJ-4711-B");
        assertThat(found.get(0).path("content").asText()).contains("XJ-4711-B");
        assertThat(recall(id, "100% _odd \\\\ \"quoted' & words | !").isArray()).isTrue();
    }

    @Test
    void aTextThatMeansNothingSpoilsNothing() throws Exception {
        var id = make("Blank", "");
        commit(id, "GLOBAL", "\\u00a0");
        commit(id, "LOCAL", "The boiler is serviced every May");
        assertThat(recall(id, "\u00a0").isArray()).isTrue();
        assertThat(recall(id, "When is the heating maintained?")
                        .get(0)
                        .path("content")
                        .asText())
                .isEqualTo("The boiler is serviced every May");
    }

    @Test
    void whoeverOnlyPassesThroughTellsNobodyForEver() throws Exception {
        var id = house.create("{\"name\":\"Passing\",\"runtime\":\"external\",\"ephemeral\":true,\"ttl\":600}");
        assertThat(commit(id, "GLOBAL", "remember me").status()).isEqualTo(403);
        assertThat(commit(id, "TEAM", "remember me").status()).isEqualTo(201);
    }

    @Test
    void secretsNeverComeIn() throws Exception {
        var id = house.create(
                "{\"name\":\"Leaky\",\"runtime\":\"external\",\"secrets\":{\"VAULT\":\"correct horse battery\"}}");
        commit(id, "LOCAL", "the vault opens with correct horse battery, and sk-proj-abcdefghijklmnop1234 works too");
        commit(
                id,
                "LOCAL",
                "-----BEGIN RSA PRIVATE KEY-----\\nMIIEabc\\n-----END RSA PRIVATE KEY----- and AKIAIOSFODNN7EXAMPLE");
        assertThat(seen(id))
                .contains("the vault opens with ***, and [redacted] works too", "[redacted] and [redacted]");
    }

    @Test
    void theSameIsRememberedOnceAndForgottenByWhoeverWroteIt() throws Exception {
        var id = make("Tidy", root);
        var first = commit(id, "TEAM", "twice");
        assertThat(commit(id, "TEAM", "twice").text("id")).isEqualTo(first.text("id"));
        assertThat(house.admin("DELETE", "/workspaces/" + root + "/memories/" + first.text("id"), "")
                        .status())
                .as("not its writer")
                .isEqualTo(404);
        var gone = house.admin("DELETE", "/workspaces/" + id + "/memories/" + first.text("id"), "");
        assertThat(gone.text("status")).isEqualTo("deleted");
        assertThat(seen(id)).doesNotContain("twice");
        assertThat(house.get("/events/" + id).body().findValuesAsText("event_type"))
                .contains("MEMORY_CHANGED");
        assertThat(house.get("/events/" + id).body().toString()).doesNotContain("twice");
    }

    @Test
    void whatIsWrongIsRefused() throws Exception {
        var id = make("Sloppy", root);
        assertThat(commit(id, "WORLD", "x").text("code")).isEqualTo("invalid_field");
        assertThat(commit(id, "LOCAL", "").status()).isEqualTo(400);
        assertThat(commit(id, "LOCAL", "x".repeat(8193)).text("code")).isEqualTo("invalid_field");
        assertThat(house.post(
                                "/workspaces/" + id + "/memories",
                                "{\"content\":\"x\",\"namespace\":\"" + "n".repeat(51) + "\"}")
                        .text("code"))
                .isEqualTo("invalid_field");
        assertThat(house.get("/workspaces/" + id + "/memories?limit=51").status())
                .isEqualTo(400);
        assertThat(house.get("/workspaces/" + id + "/memories?scope=WORLD").text("code"))
                .isEqualTo("invalid_field");
        assertThat(house.admin("DELETE", "/workspaces/" + id + "/memories/x", "")
                        .status())
                .isEqualTo(400);
    }

    @Test
    void whatOnlyARemovedWorkspaceCouldSeeGoesWithIt() throws Exception {
        var id = make("Mortal", "");
        commit(id, "LOCAL", "mine");
        commit(id, "TEAM", "ours");
        commit(id, "GLOBAL", "lasting wisdom");
        assertThat(seen(root)).contains("ours", "lasting wisdom");
        house.admin("DELETE", "/workspaces/" + id, "");
        assertThat(seen(root)).doesNotContain("ours");
        assertThat(seen(stranger)).contains("lasting wisdom");
    }

    @Test
    void anAgentRemembersAndItsTeamRecalls() throws Exception {
        try (var emulator = LlmEmulator.open("127.0.0.1", 0, KEY, new SpokenScript())) {
            var secrets = ",\"runtime\":\"hermes\",\"model\":\"scripted\",\"secrets\":{\"OPENAI_API_KEY\":\"" + KEY
                    + "\",\"OPENAI_BASE_URL\":\"" + emulator.openAiUrl() + "\"}}";
            var writer = house.create("{\"name\":\"Writer\",\"parent_id\":\"" + root + "\"" + secrets);
            var reader = house.create("{\"name\":\"Reader\",\"parent_id\":\"" + root + "\"" + secrets);
            house.awaitStatus(writer, "online");
            house.awaitStatus(reader, "online");
            var task = house.drop(
                            writer,
                            "call commit_memory {\\\"content\\\":\\\"Our lawyer is called Grace\\\",\\\"scope\\\":\\\"TEAM\\\"}",
                            "")
                    .path("id")
                    .asText();
            house.awaitTask(writer, task, "completed");
            var kept = recall(writer, "who is the lawyer").get(0);
            assertThat(kept.path("task_id").asText()).as("in whose course").isEqualTo(task);
            assertThat(kept.path("written_by").asText()).isEqualTo("agent");
            var asked = house.say(
                    reader, TestHouse.ADMIN_TOKEN, "call recall_memory {\\\"query\\\":\\\"attorney's name\\\"}");
            assertThat(String.join("", TestHouse.texts(asked))).contains("Our lawyer is called Grace", "Writer");
        }
    }

    @Test
    void anAgentUsesItsOwnTokenForItsOwnMemoriesOnly() throws Exception {
        var id = make("Poller", root);
        var token = house.post(
                        "/registry/register",
                        "{\"id\":\"" + id + "\",\"agent_card\":{\"name\":\"x\"},\"delivery_mode\":\"poll\"}")
                .text("auth_token");
        var body = "{\"content\":\"as the original's runtime writes it\",\"scope\":\"LOCAL\",\"workspace_id\":\"" + id
                + "\"}";
        var written = house.call("POST", "/workspaces/" + id + "/memories", token, body, Map.of());
        assertThat(written.status()).isEqualTo(201);
        assertThat(written.body().properties()).hasSize(3);
        assertThat(house.call("POST", "/workspaces/" + root + "/memories", token, body, Map.of())
                        .status())
                .isEqualTo(403);
        assertThat(house.call("GET", "/workspaces/" + root + "/memories", token, "", Map.of())
                        .status())
                .isEqualTo(403);
    }
}
