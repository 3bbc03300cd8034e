package ai.molecule.platform.edge;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.platform.TestHouse;
import ai.molecule.platform.TestHouse.Heard;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The activity list as the original's programs use it.
class ActivityTest {

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
    void polling() throws Exception {
        id = house.create("{\"name\":\"polling\",\"runtime\":\"external\"}");
        token = register(id);
    }

    private static String register(String id) throws Exception {
        return house.post(
                        "/registry/register",
                        "{\"id\":\"" + id + "\",\"agent_card\":{\"name\":\"x\"},\"delivery_mode\":\"poll\"}")
                .text("auth_token");
    }

    private Heard as(String bearer, String method, String path, String body) throws Exception {
        return house.call(method, "/workspaces/" + id + path, bearer, body, Map.of());
    }

    private JsonNode poll(String query) throws Exception {
        var heard = as(token, "GET", "/activity?type=a2a_receive" + query, "");
        assertThat(heard.status()).isEqualTo(200);
        return heard.body();
    }

    private static List<String> texts(JsonNode rows) {
        var texts = new ArrayList<String>();
        rows.forEach(row -> texts.add(row.path("data").path("text").asText()));
        return texts;
    }

    private void send(String text) throws Exception {
        assertThat(house.say(id, TestHouse.ADMIN_TOKEN, text).status()).isEqualTo(202);
    }

    @Test
    void whatWasReceivedIsShownToEveryGenerationOfClients() throws Exception {
        var peer = house.create("{\"name\":\"peer\",\"role\":\"asks\",\"runtime\":\"external\"}");
        send("from a person");
        house.say(id, register(peer), "from a peer");
        var rows = poll("");
        assertThat(texts(rows)).containsExactly("from a person", "from a peer");
        var person = rows.path(0);
        assertThat(person.path("source_id").isNull()).isTrue();
        assertThat(person.path("data").path("source").asText()).isEqualTo("canvas_user");
        assertThat(UUID.fromString(person.path("id").asText())).isNotNull();
        var other = rows.path(1);
        assertThat(other.path("source_id").asText()).isEqualTo(peer);
        assertThat(other.path("data").path("source").asText()).isEqualTo("peer_agent");
        assertThat(other.path("peer_name").asText()).isEqualTo("peer");
        assertThat(other.path("data").path("peer_role").asText()).isEqualTo("asks");
        var part = other.path("request_body")
                .path("params")
                .path("message")
                .path("parts")
                .path(0);
        assertThat(part.path("kind").asText()).isEqualTo("text");
        assertThat(part.path("type").asText()).isEqualTo("text");
        assertThat(other.path("status").asText()).isEqualTo("pending");
        assertThat(other.path("seq").asLong()).isGreaterThan(person.path("seq").asLong());
        assertThat(texts(poll("&source=canvas"))).containsExactly("from a person");
        assertThat(texts(poll("&peer_id=" + peer))).containsExactly("from a peer");
    }

    @Test
    void aCursorGoesOnOldestFirstAndAWindowComesNewestFirst() throws Exception {
        for (int i = 1; i <= 5; i++) {
            send("m" + i);
        }
        var first = poll("&limit=2");
        assertThat(texts(first)).containsExactly("m1", "m2");
        var cursor = first.path(1).path("id").asText();
        assertThat(texts(poll("&since_id=" + cursor + "&limit=2"))).containsExactly("m3", "m4");
        assertThat(texts(poll("&since_secs=600"))).containsExactly("m5", "m4", "m3", "m2", "m1");
        // A cursor that was used says what was read; who comes without one goes on from there.
        assertThat(texts(poll(""))).containsExactly("m3", "m4", "m5");
        var last = poll("").path(2).path("seq").asLong();
        assertThat(as(token, "POST", "/activity/ack", "{\"acked_seq\":" + last + "}")
                        .status())
                .isEqualTo(200);
        assertThat(poll("")).isEmpty();
        assertThat(texts(as(TestHouse.ADMIN_TOKEN, "GET", "/activity?limit=2", "")
                        .body()))
                .containsExactly("m5", "m4");
    }

    @Test
    void whatAnAgentHasReadWaitsNoLonger() throws Exception {
        var first = task(house.say(id, TestHouse.ADMIN_TOKEN, "first"));
        var second = task(house.say(id, TestHouse.ADMIN_TOKEN, "second"));
        var third = task(house.say(id, TestHouse.ADMIN_TOKEN, "third"));
        var rows = poll("");
        assertThat(state(first)).as("handed out, not yet read").isEqualTo("submitted");
        assertThat(poll("&since_id=" + rows.path(0).path("id").asText())).hasSize(2);
        assertThat(state(first)).isEqualTo("completed");
        assertThat(house.task(id, first).path("status").path("message").findValuesAsText("text"))
                .containsExactly("its agent has read it, and answers with a message of its own");
        assertThat(state(second)).isEqualTo("submitted");
        var acked = "{\"acked_seq\":" + rows.path(1).path("seq").asLong() + "}";
        assertThat(as(TestHouse.ADMIN_TOKEN, "POST", "/activity/ack", acked).status())
                .isEqualTo(200);
        assertThat(state(second)).as("read by somebody else").isEqualTo("submitted");
        assertThat(as(token, "POST", "/activity/ack", acked).status()).isEqualTo(200);
        assertThat(state(second)).isEqualTo("completed");
        assertThat(state(third)).isEqualTo("submitted");
        var mail = as(token, "GET", "/inbox", "").body().path("messages");
        assertThat(mail.findValuesAsText("task_id")).containsExactly(third);
        assertThat(as(
                                token,
                                "POST",
                                "/activity/ack",
                                "{\"acked_seq\":" + rows.path(2).path("seq").asLong() + "}")
                        .status())
                .isEqualTo(200);
        assertThat(state(third)).as("fetched: to be answered there").isEqualTo("submitted");
    }

    @Test
    void whoIsReachedOtherwiseOnlyLooks() throws Exception {
        var reached = house.create("{\"name\":\"reached\",\"runtime\":\"external\"}");
        var its = house.post(
                        "/registry/register",
                        "{\"id\":\"" + reached + "\",\"url\":\"http://127.0.0.1:9\",\"agent_card\":{\"name\":\"x\"}}")
                .text("auth_token");
        var task = house.drop(reached, "to an address", "").path("id").asText();
        var path = "/workspaces/" + reached + "/activity";
        var row = house.call("GET", path, its, "", Map.of()).body().path(0);
        assertThat(house.call("GET", path + "?since_id=" + row.path("id").asText(), its, "", Map.of())
                        .status())
                .isEqualTo(200);
        assertThat(house.task(reached, task).path("status").path("state").asText())
                .isNotEqualTo("completed");
    }

    private static String task(Heard sent) {
        return sent.body().path("result").path("id").asText();
    }

    private String state(String task) throws Exception {
        return house.task(id, task).path("status").path("state").asText();
    }

    @Test
    void whoReadsOnlyAPartHasNotReadTheRest() throws Exception {
        var peer = house.create("{\"name\":\"peer\",\"runtime\":\"external\"}");
        house.say(id, register(peer), "from a peer");
        send("from a person");
        var cursor = poll("&source=canvas&since_secs=60").path(0).path("id").asText();
        assertThat(poll("&source=canvas&since_id=" + cursor)).isEmpty();
        assertThat(texts(poll(""))).containsExactly("from a peer", "from a person");
    }

    @Test
    void aCursorThatNobodyKnowsIsGone() throws Exception {
        send("x");
        var own = poll("").path(0).path("id").asText();
        var other = house.create("{\"name\":\"other\",\"runtime\":\"external\"}");
        var foreign = house.call(
                "GET", "/workspaces/" + other + "/activity?since_id=" + own, TestHouse.ADMIN_TOKEN, "", Map.of());
        assertThat(foreign.status()).isEqualTo(410);
        assertThat(foreign.text("code")).isEqualTo("cursor_lost");
        for (var cursor : List.of("nonsense", UUID.randomUUID().toString(), "1")) {
            assertThat(as(token, "GET", "/activity?since_id=" + cursor, "").status())
                    .isEqualTo(410);
        }
    }

    @Test
    void whatAnAgentSaysItselfIsNotInItsInbox() throws Exception {
        assertThat(as(token, "POST", "/notify", "{\"message\":\"look here\"}").text("status"))
                .isEqualTo("sent");
        var logged =
                "{\"activity_type\":\"agent_log\",\"summary\":\"step 1\",\"duration_ms\":7,\"request_body\":{\"a\":1}}";
        assertThat(as(token, "POST", "/activity", logged).text("status")).isEqualTo("logged");
        send("in between");
        assertThat(texts(poll(""))).containsExactly("in between");
        assertThat(texts(poll("&since_secs=60"))).containsExactly("in between");
        var all = as(TestHouse.ADMIN_TOKEN, "GET", "/activity", "").body();
        assertThat(texts(all)).containsExactly("in between", "step 1", "look here");
        var log = as(token, "GET", "/activity?type=agent_log", "").body().path(0);
        assertThat(log.path("duration_ms").asInt()).isEqualTo(7);
        assertThat(log.path("request_body").path("a").asInt()).isEqualTo(1);
        assertThat(log.path("source_id").asText()).isEqualTo(id);
        var told = house.get("/events/" + id).body().path(0);
        assertThat(told.path("event_type").asText()).isEqualTo("AGENT_MESSAGE");
        assertThat(told.path("payload").path("message").asText()).isEqualTo("look here");
    }

    @Test
    void whatAnAgentSentIsInItsListAndSettles() throws Exception {
        var worker = house.online("worker");
        house.say(worker, token, "hello");
        var row = as(TestHouse.ADMIN_TOKEN, "GET", "/activity?type=a2a_send", "")
                .body()
                .path(0);
        assertThat(row.path("target_id").asText()).isEqualTo(worker);
        assertThat(row.path("status").asText()).isEqualTo("ok");
        assertThat(row.path("duration_ms").isNumber()).isTrue();
        assertThat(row.path("response_body").path("result").findValuesAsText("text"))
                .contains("hello");
        var got = house.get("/workspaces/" + worker + "/activity?type=a2a_receive")
                .body()
                .path(0);
        assertThat(got.path("task_id")).isEqualTo(row.path("task_id"));
    }

    @Test
    void badNotesAreRefused() throws Exception {
        for (var body : List.of(
                "{}",
                "{\"activity_type\":\"gossip\"}",
                "{\"activity_type\":\"error\",\"duration_ms\":\"long\"}",
                "{\"activity_type\":\"error\",\"summary\":\"" + "x".repeat(2000) + "\"}")) {
            assertThat(as(token, "POST", "/activity", body).status()).as(body).isEqualTo(400);
        }
        var forged = "{\"activity_type\":\"error\",\"source_id\":\"" + UUID.randomUUID() + "\"}";
        assertThat(as(token, "POST", "/activity", forged).status()).isEqualTo(403);
        assertThat(as(token, "POST", "/notify", "{}").status()).isEqualTo(400);
        var heavy = "{\"message\":\"x\",\"attachments\":[{\"a\":\"" + "x".repeat(20_000) + "\"}]}";
        assertThat(as(token, "POST", "/notify", heavy).status()).isEqualTo(400);
        assertThat(as(token, "POST", "/notify", "{\"type\":\"delegation_complete\"}")
                        .status())
                .isEqualTo(200);
        assertThat(as(token, "POST", "/activity/ack", "{\"acked_seq\":-1}").status())
                .isEqualTo(400);
        assertThat(as(token, "POST", "/activity/ack", "{\"acked_seq\":2000000000}")
                        .status())
                .isEqualTo(404);
        for (var query : List.of("limit=0", "since_secs=x", "before_ts=yesterday", "peer_id=1", "source=moon")) {
            assertThat(as(token, "GET", "/activity?" + query, "").status())
                    .as(query)
                    .isEqualTo(400);
        }
    }

    @Test
    void aDelegationThatAnAgentMadeItselfIsRecordedOnceAndUpdated() throws Exception {
        var body = "{\"delegation_id\":\"d-1\",\"target_id\":\"" + house.create("{\"name\":\"t\"}")
                + "\",\"task\":\"count\"}";
        for (int i = 0; i < 2; i++) {
            var recorded = as(token, "POST", "/delegations/record", body);
            assertThat(recorded.status()).isEqualTo(202);
            assertThat(recorded.text("status")).isEqualTo("recorded");
        }
        assertThat(as(token, "POST", "/delegations/d-1/update", "{\"status\":\"queued\"}")
                        .status())
                .isEqualTo(200);
        as(token, "POST", "/delegations/d-1/update", "{\"status\":\"completed\",\"response_preview\":\"one two\"}");
        var rows = as(token, "GET", "/delegations", "").body();
        assertThat(rows).hasSize(1);
        assertThat(rows.path(0).path("delegation_id").asText()).isEqualTo("d-1");
        assertThat(rows.path(0).path("status").asText()).isEqualTo("completed");
        assertThat(rows.path(0).path("response_preview").asText()).isEqualTo("one two");
        assertThat(as(token, "POST", "/delegations/d-2/update", "{\"status\":\"completed\"}")
                        .status())
                .isEqualTo(404);
        assertThat(as(token, "POST", "/delegations/d-1/update", "{\"status\":\"odd\"}")
                        .status())
                .isEqualTo(400);
    }
}
