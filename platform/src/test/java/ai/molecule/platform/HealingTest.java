package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.platform.ScriptedAgent.Script;
import ai.molecule.platform.edge.Limits;
import ai.molecule.platform.ledger.MailboxLimits;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Agents, callers and webhooks that misbehave, break off or come back: no message is lost, and nobody else
/// suffers.
class HealingTest {

    private static TestHouse house;

    @BeforeAll
    static void open() throws Exception {
        house = TestHouse.open();
    }

    @AfterAll
    static void close() {
        house.close();
    }

    private static JsonNode task(String id, String task) throws Exception {
        return house.rpc(id, "GetTask", "{\"id\":\"" + task + "\"}").body().path("result");
    }

    private static void awaitState(String id, String task, String state) throws Exception {
        house.awaitTask(id, task, state);
    }

    private static String registered(TestHouse at, ScriptedAgent agent) throws Exception {
        var id = at.create("{\"name\":\"scripted\",\"runtime\":\"external\"}");
        at.register(id, agent.port());
        return id;
    }

    private static List<String> texts(JsonNode task) {
        return task.path("artifacts").findValuesAsText("text");
    }

    /// Asks for its caller after the first message and loses the second one the first time.
    private static final Script FORGETFUL = turn -> {
        switch (turn.method()) {
            case "SendStreamingMessage" -> {
                turn.begin();
                if (turn.text().equals("one")) {
                    turn.made("one");
                    turn.came("INPUT_REQUIRED");
                } else if (turn.nth() > 2) {
                    turn.made("two");
                    turn.came("COMPLETED");
                }
            }
            default -> turn.error(-32001);
        }
    };

    @Test
    void whatAnEarlierTurnMadeOutlivesTheLossOfALaterOne() throws Exception {
        try (var agent = new ScriptedAgent(FORGETFUL)) {
            var id = registered(house, agent);
            var task = house.drop(id, "one", "").path("id").asText();
            awaitState(id, task, "input-required");
            house.drop(id, "two", ",\"taskId\":\"" + task + "\"");
            awaitState(id, task, "completed");
            assertThat(texts(task(id, task))).containsExactly("one", "two");
            assertThat(agent.calls("SendStreamingMessage")).isEqualTo(3);
        }
    }

    @Test
    void aFurtherMessageThatComesAgainAfterTheEndIsKnown() throws Exception {
        try (var agent = new ScriptedAgent(FORGETFUL)) {
            var id = registered(house, agent);
            var task = house.drop(id, "one", "").path("id").asText();
            awaitState(id, task, "input-required");
            var more = ",\"messageId\":\"m2\",\"taskId\":\"" + task + "\"";
            house.drop(id, "two", more);
            awaitState(id, task, "completed");
            assertThat(house.drop(id, "two", more).path("id").asText()).isEqualTo(task);
            var another = house.rpc(id, "SendMessage", TestHouse.dropped("three", ",\"taskId\":\"" + task + "\""));
            assertThat(another.body().path("error").path("code").asInt()).isEqualTo(-32004);
            assertThat(agent.calls("SendStreamingMessage")).isEqualTo(3);
        }
    }

    @Test
    void anAgentThatCannotBeFollowedIsAskedAtLeisureAndWithoutFlooding() throws Exception {
        var answers = new AtomicInteger();
        try (var agent = new ScriptedAgent(turn -> {
            switch (turn.method()) {
                case "SendStreamingMessage" -> turn.begin();
                case "GetTask" -> turn.task(answers.incrementAndGet() < 4 ? "WORKING" : "COMPLETED");
                default -> turn.error(-32004);
            }
        })) {
            var id = registered(house, agent);
            var task = house.drop(id, "x", "").path("id").asText();
            awaitState(id, task, "completed");
            assertThat(agent.calls("GetTask")).isEqualTo(4);
            assertThat(agent.calls("SendStreamingMessage")).isOne();
            assertThat(task(id, task).path("history")).hasSize(2);
        }
    }

    @Test
    void aCancelThatTheAgentRefusesIsForgotten() throws Exception {
        var refused = new CountDownLatch(1);
        try (var agent = new ScriptedAgent(turn -> {
            switch (turn.method()) {
                case "SendStreamingMessage" -> {
                    turn.begin();
                    if (turn.nth() == 1) {
                        refused.await();
                    } else {
                        turn.came("COMPLETED");
                    }
                }
                case "CancelTask" -> turn.error(-32002);
                default -> turn.error(-32001);
            }
        })) {
            var id = registered(house, agent);
            var task = house.drop(id, "x", "").path("id").asText();
            awaitState(id, task, "working");
            var answer = house.rpc(id, "CancelTask", "{\"id\":\"" + task + "\"}");
            assertThat(answer.body().path("error").path("code").asInt()).isEqualTo(-32002);
            refused.countDown();
            awaitState(id, task, "completed");
        }
    }

    @Test
    void aHeaderThatFitsIntoNoRequestIsRefusedBeforeAnythingIsTaken() throws Exception {
        var id = house.create("{\"name\":\"odd\",\"runtime\":\"external\"}");
        var body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"SendMessage\",\"params\":" + TestHouse.dropped("x", "")
                + "}";
        var refused = house.raw("POST /workspaces/" + id + "/a2a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer "
                + TestHouse.ADMIN_TOKEN + "\r\nA2A-Version: 1.0\r\nA2A-Extensions: caf\u00e9\r\nContent-Length: "
                + body.length() + "\r\nConnection: close\r\n\r\n" + body);
        assertThat(refused).contains("printable ASCII").contains("-32600");
        assertThat(house.rpc(id, "ListTasks", "{}")
                        .body()
                        .path("result")
                        .path("totalSize")
                        .asInt())
                .isZero();
    }

    @Test
    void anEventWithoutEndIsNotAskedForAgain() throws Exception {
        try (var agent = new ScriptedAgent(turn -> {
            if (turn.method().equals("SendStreamingMessage")) {
                turn.begin();
                turn.made("x".repeat(17 * 1024 * 1024));
            } else {
                turn.error(-32001);
            }
        })) {
            var id = registered(house, agent);
            var task = house.drop(id, "x", "").path("id").asText();
            awaitState(id, task, "failed");
            assertThat(agent.calls("SendStreamingMessage")).isOne();
        }
    }

    @Test
    void aMessageWhoseAgentIsBusyIsNotGivenUp() throws Exception {
        var once = new MailboxLimits(20, 1 << 20, Duration.ofHours(1), Duration.ofSeconds(60), 1);
        try (var own = TestHouse.open(Limits.DEFAULT, once);
                var agent = new ScriptedAgent(turn -> {
                    if (turn.nth() < 4) {
                        turn.status(503);
                    } else {
                        turn.begin();
                        turn.came("COMPLETED");
                    }
                })) {
            var id = registered(own, agent);
            var task = own.drop(id, "x", "").path("id").asText();
            own.awaitTask(id, task, "completed");
        }
    }

    @Test
    void whatIsGivenUpIsSeenAndSentAgainOnce() throws Exception {
        var once = new MailboxLimits(20, 1 << 20, Duration.ofHours(1), Duration.ofSeconds(60), 1);
        try (var own = TestHouse.open(Limits.DEFAULT, once);
                var agent = new ScriptedAgent(turn -> {
                    if (turn.nth() == 1) {
                        turn.status(504);
                    } else {
                        turn.begin();
                        turn.came("COMPLETED");
                    }
                })) {
            var id = registered(own, agent);
            var task = own.drop(id, "x", "").path("id").asText();
            own.awaitTask(id, task, "failed");
            var dead = own.get("/dead-letters").body();
            assertThat(dead).hasSize(1);
            assertThat(dead.path(0).path("problem").asText()).contains("504");
            assertThat(dead.path(0).path("id").asText()).isEqualTo(task);
            var again = own.post("/tasks/" + task + "/resend", "");
            assertThat(again.status()).isEqualTo(202);
            own.awaitTask(id, again.text("task_id"), "completed");
            assertThat(own.post("/tasks/" + task + "/resend", "").status()).isEqualTo(409);
            assertThat(own.get("/dead-letters").body()).isEmpty();
            assertThat(own.get("/tasks/" + task).text("state")).isEqualTo("failed");
            assertThat(agent.calls("SendStreamingMessage")).isEqualTo(2);
        }
    }

    @Test
    void aPlatformThatStopsLeavesItsAgentsAtWork() throws Exception {
        var restarted = new CountDownLatch(1);
        try (var own = TestHouse.open();
                var agent = new ScriptedAgent(turn -> {
                    switch (turn.method()) {
                        case "SendStreamingMessage" -> {
                            turn.begin();
                            turn.made("early");
                            restarted.await();
                        }
                        case "GetTask" -> turn.task("WORKING");
                        case "SubscribeToTask" -> {
                            turn.begin();
                            turn.made("late");
                            turn.came("COMPLETED");
                        }
                        default -> turn.error(-32601);
                    }
                })) {
            var id = registered(own, agent);
            var task = own.drop(id, "x", "").path("id").asText();
            await().until(() -> texts(own.rpc(id, "GetTask", "{\"id\":\"" + task + "\"}")
                            .body()
                            .path("result"))
                    .equals(List.of("early")));
            own.restart();
            own.awaitTask(id, task, "completed");
            restarted.countDown();
            assertThat(agent.calls("SendStreamingMessage")).isOne();
            assertThat(own.get("/tasks/" + task).body().path("attempts").asInt())
                    .isOne();
            assertThat(texts(own.rpc(id, "GetTask", "{\"id\":\"" + task + "\"}")
                            .body()
                            .path("result")))
                    .containsExactly("early", "late");
        }
    }

    @Test
    void whatIsNotDoneByItsDeadlineFailsAndIsToldSoWhoeverIsAtIt() throws Exception {
        try (var agent = new ScriptedAgent(turn -> {
            switch (turn.method()) {
                case "SendStreamingMessage" -> {
                    turn.begin();
                    new CountDownLatch(1).await(20, TimeUnit.SECONDS);
                }
                case "CancelTask" -> turn.error(-32002);
                default -> turn.task("WORKING");
            }
        })) {
            var id = registered(house, agent);
            var body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"SendMessage\",\"params\":"
                    + TestHouse.dropped("x", "").replace("true", "false") + "}";
            var failed = house.call(
                    "POST",
                    "/workspaces/" + id + "/a2a",
                    TestHouse.ADMIN_TOKEN,
                    body,
                    Map.of("A2A-Version", "1.0", "X-Task-Timeout", "1"));
            assertThat(failed.body().findValuesAsText("state")).containsExactly("TASK_STATE_FAILED");
            assertThat(failed.body().findValuesAsText("text")).anyMatch(text -> text.startsWith("it was not done by"));
            await().until(() -> agent.calls("CancelTask") == 1);
            assertThat(agent.calls("SendStreamingMessage")).isOne();
        }
    }

    @Test
    void anAgentThatHangsIsFreeAgainAfterTheDeadline() throws Exception {
        try (var agent = new ScriptedAgent(turn -> {
            if (turn.nth() == 1) {
                new CountDownLatch(1).await(20, TimeUnit.SECONDS);
            } else {
                turn.begin();
                turn.came("COMPLETED");
            }
        })) {
            var id = registered(house, agent);
            var body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"SendMessage\",\"params\":"
                    + TestHouse.dropped("hangs", "") + "}";
            house.call(
                    "POST",
                    "/workspaces/" + id + "/a2a",
                    TestHouse.ADMIN_TOKEN,
                    body,
                    Map.of("A2A-Version", "1.0", "X-Task-Timeout", "1"));
            var next = house.drop(id, "next", "").path("id").asText();
            await().atMost(Duration.ofSeconds(6))
                    .until(() -> house.get("/tasks/" + next).text("state").equals("completed"));
        }
    }

    @Test
    void anAddressThatCannotBeCalledIsTriedAtLeisure() throws Exception {
        var id = house.create("{\"name\":\"nowhere\",\"runtime\":\"external\"}");
        house.post(
                "/registry/register",
                "{\"id\":\"" + id + "\",\"url\":\"https://agent.invalid/\",\"agent_card\":{\"name\":\"x\"}}");
        var task = house.drop(id, "x", "").path("id").asText();
        await().during(Duration.ofSeconds(2))
                .atMost(Duration.ofSeconds(10))
                .until(() -> house.get("/tasks/" + task).body().path("attempts").asInt() < 6);
        assertThat(house.get("/tasks/" + task).text("problem")).contains("cannot be called");
        house.rpc(id, "CancelTask", "{\"id\":\"" + task + "\"}");
    }

    @Test
    void whatACallerSaidMeanwhileStaysSaidWhateverTheAgentDraws() throws Exception {
        var said = new CountDownLatch(1);
        try (var agent = new ScriptedAgent(turn -> {
            turn.begin();
            if (turn.nth() == 1) {
                said.await();
                turn.say("{\"task\":" + ScriptedAgent.Turn.taskIn("WORKING") + "}");
                turn.came("INPUT_REQUIRED");
            } else {
                turn.came("COMPLETED");
            }
        })) {
            var id = registered(house, agent);
            var task = house.drop(id, "first", "").path("id").asText();
            awaitState(id, task, "working");
            house.drop(id, "also this", ",\"taskId\":\"" + task + "\"");
            said.countDown();
            awaitState(id, task, "completed");
            assertThat(task(id, task).path("history").findValuesAsText("text")).contains("first", "also this");
        }
    }

    @Test
    void whatWaitsBeyondItsDeadlineIsADeadLetterAndWhatItAskedForEndsWithIt() throws Exception {
        var source = house.create("{\"name\":\"source\",\"runtime\":\"external\"}");
        var target = house.create("{\"name\":\"target\",\"runtime\":\"external\"}");
        var delegated = house.post(
                "/workspaces/" + source + "/delegate",
                "{\"target_id\":\"" + target + "\",\"task\":\"late\",\"timeout_seconds\":1}");
        var task = delegated.text("delegation_id");
        await().atMost(Duration.ofSeconds(10))
                .until(() -> house.get("/tasks/" + task).text("state").equals("failed"));
        assertThat(house.get("/tasks/" + task).text("phase")).isEqualTo("dead");
        assertThat(house.get("/tasks/" + task).text("problem")).startsWith("it was not done by");
    }
}
