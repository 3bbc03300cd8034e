package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;

/// Agents that ask for their messages.
class InboxTest {

    private static TestHouse house;

    private String id = "";
    private String token = "";

    @BeforeAll
    static void open() throws Exception {
        house = TestHouse.open();
    }

    @AfterAll
    static void close() {
        house.close();
    }

    @BeforeEach
    void join() throws Exception {
        var created = house.post("/workspaces", "{\"name\":\"by hand\",\"runtime\":\"external\"}");
        id = created.text("id");
        token = house.call(
                        "POST",
                        "/registry/register",
                        created.body()
                                .path("connection")
                                .path("enrolment_token")
                                .asText(),
                        "{\"agent_card\":{\"name\":\"by hand\"},\"delivery_mode\":\"poll\"}",
                        Map.of())
                .text("auth_token");
        assertThat(token).startsWith("mol_agt_");
    }

    private JsonNode fetch(String query) throws Exception {
        return house.call("GET", "/workspaces/" + id + "/inbox" + query, token, "", Map.of())
                .body()
                .path("messages");
    }

    private TestHouse.Heard reply(JsonNode message, String fields) throws Exception {
        return house.call(
                "POST",
                "/workspaces/" + id + "/inbox/" + message.path("id").asText(),
                token,
                "{\"lease\":" + message.path("lease").asText() + fields + "}",
                Map.of());
    }

    @Test
    void aMessageIsFetchedAndAnswered() throws Exception {
        assertThat(house.get("/workspaces/" + id).text("delivery_mode")).isEqualTo("poll");
        var task = house.drop(id, "what is the time", "").path("id").asText();
        var message = fetch("").path(0);
        assertThat(message.path("text").asText()).isEqualTo("what is the time");
        assertThat(message.path("task_id").asText()).isEqualTo(task);
        assertThat(message.path("source_id").isNull()).isTrue();
        assertThat(fetch("")).as("one at a time").isEmpty();
        assertThat(reply(message, ",\"state\":\"working\",\"text\":\"looking\"").text("state"))
                .isEqualTo("working");
        assertThat(reply(message, ",\"text\":\"half past two\"").text("state")).isEqualTo("completed");
        assertThat(house.task(id, task).path("artifacts").findValuesAsText("text"))
                .containsExactly("half past two");
        var again = reply(message, ",\"text\":\"three\"");
        assertThat(again.status()).isEqualTo(409);
        assertThat(again.text("code")).isEqualTo("conflict");
    }

    /// Often, because what waits and what is waited for meet at any moment.
    @RepeatedTest(20)
    void whoWaitsGetsAMessageAtOnceAndItsSenderTheAnswer() throws Exception {
        try (var many = Executors.newVirtualThreadPerTaskExecutor()) {
            var waiting = many.submit(() -> fetch("?wait=20").path(0));
            var asking = many.submit(() -> house.rpc(
                            id,
                            "SendMessage",
                            "{\"message\":{\"role\":\"ROLE_USER\",\"parts\":[{\"text\":\"hello\"}]}}")
                    .body()
                    .findValuesAsText("text"));
            await().atMost(Duration.ofSeconds(10)).until(waiting::isDone);
            reply(waiting.get(), ",\"text\":\"hello yourself\"");
            await().atMost(Duration.ofSeconds(10)).until(asking::isDone);
            assertThat(asking.get().toString()).contains("hello yourself");
        }
    }

    @Test
    void whatIsNotAnsweredIsHandedOutAgain() throws Exception {
        house.drop(id, "forgotten", "");
        var first = fetch("?hold=1").path(0);
        assertThat(first.path("text").asText()).isEqualTo("forgotten");
        var second = fetch("?wait=20").path(0);
        assertThat(second.path("id")).isEqualTo(first.path("id"));
        assertThat(reply(first, ",\"text\":\"too late\"").status()).isEqualTo(409);
        assertThat(reply(second, ",\"text\":\"in time\"").status()).isEqualTo(200);
    }

    @Test
    void aQuestionBackAndItsAnswerAreOneTask() throws Exception {
        var task = house.drop(id, "book a table", "").path("id").asText();
        reply(fetch("").path(0), ",\"state\":\"input-required\",\"text\":\"for how many?\"");
        house.awaitTask(id, task, "input-required");
        house.drop(id, "for two", ",\"taskId\":\"" + task + "\"");
        var more = fetch("?wait=10").path(0);
        assertThat(more.path("task_id").asText()).isEqualTo(task);
        reply(more, ",\"result\":{\"role\":\"ROLE_AGENT\",\"messageId\":\"m\",\"parts\":[{\"text\":\"done\"}]}");
        house.awaitTask(id, task, "completed");
    }

    @Test
    void onlyTheAgentItselfLooksIntoItsMailbox() throws Exception {
        var path = "/workspaces/" + id + "/inbox";
        assertThat(house.get(path).text("code")).isEqualTo("forbidden");
        assertThat(house.call("GET", path, "", "", Map.of()).status()).isEqualTo(401);
        for (var bad : new String[] {"?wait=61", "?wait=-1", "?limit=0", "?hold=x"}) {
            assertThat(house.call("GET", path + bad, token, "", Map.of()).status())
                    .as(bad)
                    .isEqualTo(400);
        }
        for (var bad :
                new String[] {"{}", "{\"lease\":0}", "{\"lease\":1,\"state\":\"bored\"}", "{\"lease\":1,\"hold\":0}"}) {
            assertThat(house.call("POST", path + "/1", token, bad, Map.of()).status())
                    .as(bad)
                    .isEqualTo(400);
        }
        assertThat(house.call("POST", path + "/1", token, "{\"lease\":1}", Map.of())
                        .status())
                .isEqualTo(409);
    }

    @Test
    void whatWasFetchedStaysItsAgentsWhenThePlatformStartsAgain() throws Exception {
        house.drop(id, "kept in hand", "");
        var message = fetch("").path(0);
        house.restart();
        await().during(Duration.ofSeconds(3))
                .atMost(Duration.ofSeconds(20))
                .ignoreExceptions()
                .until(() -> fetch("").isEmpty());
        assertThat(reply(message, ",\"text\":\"here it is\"").text("state")).isEqualTo("completed");
    }

    @Test
    void aPausedAgentFetchesNothing() throws Exception {
        house.post("/workspaces/" + id + "/pause", "");
        house.drop(id, "later", "");
        assertThat(fetch("")).isEmpty();
        house.post("/workspaces/" + id + "/resume", "");
        assertThat(fetch("?wait=5").path(0).path("text").asText()).isEqualTo("later");
    }
}
