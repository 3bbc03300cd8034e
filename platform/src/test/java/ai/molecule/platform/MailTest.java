package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.platform.edge.Limits;
import ai.molecule.platform.ledger.MailboxLimits;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Messages and tasks as callers see them, through everything that can happen on the way.
class MailTest {

    private static final Map<String, String> V1 = Map.of("A2A-Version", "1.0");
    private static TestHouse house;

    @BeforeAll
    static void open() throws Exception {
        house = TestHouse.open(
                Limits.DEFAULT, new MailboxLimits(20, 1 << 20, Duration.ofHours(1), Duration.ofSeconds(60), 8));
    }

    @AfterAll
    static void close() {
        house.close();
    }

    private static String state(JsonNode task) {
        return task.path("status").path("state").asText();
    }

    private static JsonNode task(String id, String task) throws Exception {
        return house.rpc(id, "GetTask", "{\"id\":\"" + task + "\"}").body().path("result");
    }

    private static void awaitState(String id, String task, String state) {
        await().atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(20))
                .until(() -> state(task(id, task)).equals("TASK_STATE_" + state));
    }

    private static List<String> texts(JsonNode task) {
        return task.path("artifacts").findValuesAsText("text");
    }

    /// The numbers and events of a stream, to its end.
    private static List<String> stream(String id, String method, String params, Map<String, String> headers)
            throws Exception {
        var body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" + method + "\",\"params\":" + params + "}";
        var all = new HashMap<>(V1);
        all.putAll(headers);
        var request = house.request("POST", "/workspaces/" + id + "/a2a", TestHouse.ADMIN_TOKEN, body, all);
        var response = house.client().send(request, HttpResponse.BodyHandlers.ofLines());
        return response.body().filter(line -> line.startsWith("id: ")).toList();
    }

    private static String awaiting(String name) throws Exception {
        return house.create("{\"name\":\"" + name + "\",\"runtime\":\"external\",\"external\":true}");
    }

    @Test
    void whatWaitsIsDeliveredWhenTheAgentRegistersNotAtItsNextHeartbeat() throws Exception {
        var id = awaiting("late");
        var waiting = house.drop(id, "1", "");
        assertThat(state(waiting)).isEqualTo("TASK_STATE_SUBMITTED");
        try (var agent = new CrashingAgent()) {
            var port = agent.start();
            house.register(id, port);
            await().atMost(Duration.ofMillis(900))
                    .pollInterval(Duration.ofMillis(5))
                    .until(() -> agent.arrivals().size() == 1);
            awaitState(id, waiting.path("id").asText(), "COMPLETED");
        }
    }

    @Test
    void aCallerWaitsThroughTheAbsenceOfTheAgent() throws Exception {
        var id = house.online("away");
        house.post("/workspaces/" + id + "/pause", "");
        var body =
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"SendMessage\",\"params\":{\"message\":{\"role\":\"ROLE_USER\","
                        + "\"parts\":[{\"text\":\"patience\"}]}}}";
        var answer = house.client()
                .sendAsync(
                        house.request("POST", "/workspaces/" + id + "/a2a", TestHouse.ADMIN_TOKEN, body, V1),
                        HttpResponse.BodyHandlers.ofString());
        await().until(() -> house.rpc(id, "ListTasks", "{}")
                        .body()
                        .path("result")
                        .path("totalSize")
                        .asInt()
                == 1);
        assertThat(answer).isNotDone();
        house.post("/workspaces/" + id + "/resume", "");
        assertThat(answer.get().body()).contains("TASK_STATE_COMPLETED").contains("patience");
    }

    @Test
    void whoWaitsNoLongerThanItSaysGetsTheTaskAsItIs() throws Exception {
        var id = awaiting("never");
        var body =
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"SendMessage\",\"params\":{\"message\":{\"parts\":[{\"text\":\"x\"}]}}}";
        var answer = house.call(
                "POST",
                "/workspaces/" + id + "/a2a",
                TestHouse.ADMIN_TOKEN,
                body,
                Map.of("A2A-Version", "1.0", "X-Timeout", "1"));
        assertThat(state(answer.body().path("result").path("task"))).isEqualTo("TASK_STATE_SUBMITTED");
    }

    @Test
    void whatWaitsIsCanceledForGood() throws Exception {
        var id = awaiting("canceling");
        var task = house.drop(id, "1", "").path("id").asText();
        var canceled =
                house.rpc(id, "CancelTask", "{\"id\":\"" + task + "\"}").body().path("result");
        assertThat(state(canceled)).isEqualTo("TASK_STATE_CANCELED");
        assertThat(house.rpc(id, "CancelTask", "{\"id\":\"" + task + "\"}")
                        .body()
                        .path("error")
                        .path("code")
                        .asInt())
                .isEqualTo(-32002);
        try (var agent = new CrashingAgent()) {
            var after = house.drop(id, "2", "").path("id").asText();
            house.register(id, agent.start());
            awaitState(id, after, "COMPLETED");
            assertThat(agent.arrivals()).hasSize(1);
        }
    }

    @Test
    void aFullMailboxSaysSoAndWhenToComeBack() throws Exception {
        var id = awaiting("full");
        for (int i = 0; i < 20; i++) {
            assertThat(state(house.drop(id, "x" + i, ""))).isEqualTo("TASK_STATE_SUBMITTED");
        }
        var refused = house.rpc(id, "SendMessage", TestHouse.dropped("one more", ""));
        assertThat(refused.status()).isEqualTo(429);
        assertThat(refused.response().headers().firstValue("retry-after")).isPresent();
        assertThat(refused.body().path("error").path("code").asInt()).isEqualTo(-32052);
    }

    @Test
    void leavingAStreamDoesNotTouchTheTask() throws Exception {
        var id = house.online("left");
        var body =
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"SendStreamingMessage\",\"params\":{\"message\":{\"parts\":[{\"text\":"
                        + "\"slow one two\"}]}}}";
        var request = house.request("POST", "/workspaces/" + id + "/a2a", TestHouse.ADMIN_TOKEN, body, V1);
        var response = house.client().send(request, HttpResponse.BodyHandlers.ofInputStream());
        String task;
        try (var lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
            lines.readLine();
            var first = Json.read(String.valueOf(lines.readLine()).substring("data: ".length()));
            task = first.path("result").path("task").path("id").asText();
        }
        awaitState(id, task, "COMPLETED");
        assertThat(String.join("", texts(task(id, task)))).isEqualTo("one two");
    }

    @Test
    void aSubscriberGoesOnFromTheEventItSawLast() throws Exception {
        var id = house.online("resuming");
        var task = house.drop(id, "events 20", "").path("id").asText();
        awaitState(id, task, "COMPLETED");
        var all = stream(id, "SubscribeToTask", "{\"id\":\"" + task + "\"}", Map.of("Last-Event-ID", "0"));
        assertThat(all).first().isEqualTo("id: 1");
        var rest = stream(id, "SubscribeToTask", "{\"id\":\"" + task + "\"}", Map.of("Last-Event-ID", "5"));
        assertThat(rest).isEqualTo(all.subList(5, all.size())).hasSizeGreaterThan(15);
        var ended = house.rpc(id, "SubscribeToTask", "{\"id\":\"" + task + "\"}");
        assertThat(ended.body().path("error").path("code").asInt()).isEqualTo(-32004);
    }

    @Test
    void aTaskUnderWayIsDoneAlthoughItsAgentIsKilled() throws Exception {
        var id = house.online("killed");
        var task = house.drop(id, "slow a b c d", "").path("id").asText();
        awaitState(id, task, "WORKING");
        house.post("/workspaces/" + id + "/restart", "");
        awaitState(id, task, "COMPLETED");
        assertThat(String.join("", texts(task(id, task)))).isEqualTo("a b c d");
    }

    @Test
    void aTaskUnderWayIsDoneAlthoughThePlatformIsRestarted() throws Exception {
        try (var own = TestHouse.open()) {
            var id = own.online("surviving");
            var started = own.call(
                    "POST",
                    "/workspaces/" + id + "/a2a",
                    TestHouse.ADMIN_TOKEN,
                    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"SendMessage\",\"params\":"
                            + TestHouse.dropped("slow a b c", "") + "}",
                    V1);
            var task = started.body().path("result").path("task").path("id").asText();
            own.awaitTask(id, task, "working");
            own.restart();
            own.awaitTask(id, task, "completed");
        }
    }

    @Test
    void nobodySeesTheTasksOfOthers() throws Exception {
        var id = house.online("discreet");
        var task = house.drop(id, "a secret", "").path("id").asText();
        awaitState(id, task, "COMPLETED");
        var stranger = house.create("{\"name\":\"stranger\",\"runtime\":\"external\"}");
        var token = house.post("/registry/register", "{\"id\":\"" + stranger + "\",\"agent_card\":{\"name\":\"x\"}}")
                .text("auth_token");
        for (var method : List.of("GetTask", "CancelTask", "SubscribeToTask")) {
            var forbidden =
                    house.rpc(id, token, method, "{\"id\":\"" + task + "\"}").body();
            var unknown = house.rpc(id, token, method, "{\"id\":\"" + UUID.randomUUID() + "\"}")
                    .body();
            assertThat(forbidden).isEqualTo(unknown);
            assertThat(forbidden.path("error").path("code").asInt()).isEqualTo(-32001);
        }
        assertThat(house.rpc(id, token, "ListTasks", "{}")
                        .body()
                        .path("result")
                        .path("totalSize")
                        .asInt())
                .isZero();
        var push = house.rpc(
                id,
                token,
                "CreateTaskPushNotificationConfig",
                "{\"taskId\":\"" + task + "\",\"url\":\"http://127.0.0.1:1/\"}");
        assertThat(push.body().path("error").path("code").asInt()).isEqualTo(-32001);
    }

    @Test
    void anAgentMayAskBackButNotInCirclesForEver() throws Exception {
        var a = house.online("a");
        var b = house.online("b");
        var twice = "ask " + b + " ask " + a + " ask " + b + " hello";
        assertThat(TestHouse.texts(house.say(a, TestHouse.ADMIN_TOKEN, twice))).containsExactly("hello");
        var round = ("ask " + b + " ask " + a + " ").repeat(4) + "hello";
        var refused = house.say(a, TestHouse.ADMIN_TOKEN, round).body().path("result");
        assertThat(refused.path("status").path("state").asText()).isEqualTo("failed");
        assertThat(Json.text(refused)).contains("go in circles");
    }

    @Test
    void whoAskedWhomIsATreeAndCancelingTravelsDownIt() throws Exception {
        var boss = house.online("boss");
        var worker = house.online("worker");
        var task =
                house.drop(boss, "ask " + worker + " sleep 60", "").path("id").asText();
        await().atMost(Duration.ofSeconds(20))
                .until(() -> house.get("/tasks/" + task).body().path("tree").size() == 2);
        var tree = house.get("/tasks/" + task).body().path("tree");
        assertThat(tree.path(1).path("parent_task_id").asText()).isEqualTo(task);
        assertThat(tree.path(1).path("source_id").asText()).isEqualTo(boss);
        assertThat(tree.path(1).path("target_id").asText()).isEqualTo(worker);
        await().atMost(Duration.ofSeconds(20))
                .until(() -> house.get("/tasks/" + task)
                        .body()
                        .path("tree")
                        .path(1)
                        .path("state")
                        .asText()
                        .equals("working"));
        assertThat(house.post("/tasks/" + task + "/cancel", "").text("state")).isEqualTo("canceled");
        await().atMost(Duration.ofSeconds(20))
                .until(() -> house.get("/tasks/" + task)
                        .body()
                        .path("tree")
                        .path(1)
                        .path("state")
                        .asText()
                        .equals("canceled"));
    }

    @Test
    void delegationsOfTheOriginalsClientsAreTasksAndWaitLikeThem() throws Exception {
        var source = awaiting("source");
        var token = house.register(source, 1);
        var target = house.online("target");
        var body = "{\"target_id\":\"" + target + "\",\"task\":\"count to three\",\"idempotency_key\":\"k\"}";
        house.post("/workspaces/" + target + "/pause", "");
        var first = house.call("POST", "/workspaces/" + source + "/delegate", token, body, Map.of());
        assertThat(first.status()).isEqualTo(202);
        assertThat(first.text("status")).isEqualTo("delegated");
        var again = house.call("POST", "/workspaces/" + source + "/delegate", token, body, Map.of());
        assertThat(again.body()).isEqualTo(first.body());
        // The original's SDK names the target in the path.
        var other =
                house.call("POST", "/workspaces/" + target + "/delegate", token, "{\"task\":\"and again\"}", Map.of());
        assertThat(other.text("target_id")).isEqualTo(target);
        assertThat(delegations(source, token)).containsExactly("and again: queued ", "count to three: queued ");
        house.post("/workspaces/" + target + "/resume", "");
        await().atMost(Duration.ofSeconds(20))
                .until(() -> delegations(source, token)
                        .equals(List.of("and again: completed and again", "count to three: completed count to three")));
        var self = "{\"target_id\":\"" + source + "\",\"task\":\"x\"}";
        assertThat(house.call("POST", "/workspaces/" + source + "/delegate", token, self, Map.of())
                        .status())
                .isEqualTo(400);
    }

    private static List<String> delegations(String source, String token) throws Exception {
        var rows = house.call("GET", "/workspaces/" + source + "/delegations", token, "", Map.of());
        var all = new ArrayList<String>();
        rows.body()
                .forEach(row -> all.add(row.path("summary").asText() + ": "
                        + row.path("status").asText() + " "
                        + row.path("response_preview").asText()));
        return all;
    }

    @Test
    void unknownFieldsPassThrough() throws Exception {
        var id = awaiting("extended");
        var params =
                "{\"message\":{\"parts\":[{\"text\":\"x\",\"metadata\":{\"deep\":[1,{\"a\":null}]},\"novel\":true}],"
                        + "\"extensions\":[\"https://example.org/ext\"],\"novel\":{\"snake_case\":1}},\"configuration\":{\"returnImmediately\":true}}";
        var kept = house.rpc(id, "SendMessage", params)
                .body()
                .path("result")
                .path("task")
                .path("history")
                .path(0);
        assertThat(Json.text(kept.path("parts").path(0)))
                .isEqualTo("{\"text\":\"x\",\"metadata\":{\"deep\":[1,{\"a\":null}]},\"novel\":true}");
        assertThat(Json.text(kept.path("novel"))).isEqualTo("{\"snake_case\":1}");
        assertThat(kept.path("extensions").path(0).asText()).isEqualTo("https://example.org/ext");
    }

    @Test
    void anUnknownVersionIsRefusedInBothBindings() throws Exception {
        var id = awaiting("versions");
        var headers = Map.of("A2A-Version", "2.0");
        var rpc = house.call(
                "POST",
                "/workspaces/" + id + "/a2a",
                TestHouse.ADMIN_TOKEN,
                TestHouse.message("message/send", "x"),
                headers);
        assertThat(rpc.body().path("error").path("code").asInt()).isEqualTo(-32009);
        var rest = house.call("GET", "/workspaces/" + id + "/a2a/tasks", TestHouse.ADMIN_TOKEN, "", headers);
        assertThat(rest.status()).isEqualTo(400);
        assertThat(Json.text(rest.body())).contains("VERSION_NOT_SUPPORTED");
    }
}
