package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ai.molecule.protocol.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// The whole house with real agents: what a user sees from outside.
class HouseTest {

    private static TestHouse house;

    @BeforeAll
    static void open() throws Exception {
        house = TestHouse.open();
    }

    @AfterAll
    static void close() {
        house.close();
    }

    @Test
    void aLogIsFollowedNoLongerThanTheSessionThatAskedForIt() throws Exception {
        var id = house.online("followed");
        var session =
                house.call("POST", "/session", "", "{\"admin_token\":\"" + TestHouse.ADMIN_TOKEN + "\"}", Map.of());
        var cookie = Map.of(
                "Cookie",
                session.response()
                        .headers()
                        .firstValue("set-cookie")
                        .orElseThrow()
                        .replaceFirst(";.*", ""));
        var answer = house.client()
                .send(
                        house.request("GET", "/workspaces/" + id + "/logs?follow=true", "", "", cookie),
                        HttpResponse.BodyHandlers.ofInputStream());
        try (var log = answer.body()) {
            assertThat(log.read()).isPositive();
            assertThat(house.call("DELETE", "/session", "", "", cookie).status())
                    .isEqualTo(200);
            var ended = CompletableFuture.runAsync(() -> {
                try {
                    log.transferTo(OutputStream.nullOutputStream());
                } catch (IOException cutOff) {
                    // That is an end, too.
                }
            });
            await().atMost(Duration.ofSeconds(40)).until(ended::isDone);
        }
    }

    @Test
    void aCreatedAgentComesOnlineAndAnswersInBothVersions() throws Exception {
        var id = house.online("answering");
        assertThat(TestHouse.texts(house.say(id, TestHouse.ADMIN_TOKEN, "hello")))
                .containsExactly("hello");
        var v1 = house.call(
                "POST",
                "/workspaces/" + id + "/a2a/",
                TestHouse.ADMIN_TOKEN,
                TestHouse.message("SendMessage", "hello"),
                Map.of("A2A-Version", "1.0"));
        assertThat(v1.body()
                        .path("result")
                        .path("task")
                        .path("status")
                        .path("state")
                        .asText())
                .isEqualTo("TASK_STATE_COMPLETED");
    }

    @Test
    void streamsPassEventByEvent() throws Exception {
        var id = house.online("streaming");
        var request = house.request(
                "POST",
                "/workspaces/" + id + "/a2a",
                TestHouse.ADMIN_TOKEN,
                TestHouse.message("SendStreamingMessage", "slow one two three"),
                Map.of("A2A-Version", "1.0"));
        var response = house.client().send(request, HttpResponse.BodyHandlers.ofInputStream());
        assertThat(response.headers().firstValue("content-type")).contains("text/event-stream");
        var chunks = new ArrayList<Instant>();
        var lags = new ArrayList<Duration>();
        try (var lines = new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
            for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                var now = Instant.now();
                if (line.contains("artifactUpdate")) {
                    chunks.add(now);
                } else if (line.contains("TASK_STATE_COMPLETED")) {
                    var sent = Json.read(line.substring("data: ".length()))
                            .path("result")
                            .path("statusUpdate")
                            .path("status");
                    lags.add(Duration.between(
                            Instant.parse(sent.path("timestamp").asText()), now));
                }
            }
        }
        assertThat(chunks).hasSize(3);
        assertThat(Duration.between(chunks.get(0), chunks.get(2)))
                .isBetween(Duration.ofMillis(800), Duration.ofMillis(1800));
        assertThat(lags).hasSize(1).first().satisfies(lag -> assertThat(lag).isLessThan(Duration.ofMillis(200)));
    }

    @Test
    void agentsTalkToEachOtherThroughThePlatformWithinTheHierarchy() throws Exception {
        var boss = house.online("boss");
        var worker = house.create("{\"name\":\"worker\",\"parent_id\":\"" + boss + "\"}");
        var stranger = house.online("stranger");
        house.awaitStatus(worker, "online");
        assertThat(TestHouse.texts(house.say(boss, TestHouse.ADMIN_TOKEN, "ask " + worker + " your name")))
                .containsExactly("your name");
        var refused = house.say(worker, TestHouse.ADMIN_TOKEN, "ask " + stranger + " your name");
        assertThat(refused.body().path("result").path("status").path("state").asText())
                .isEqualTo("failed");
        assertThat(Json.text(refused.body())).contains("sibling, an ancestor or a descendant");
    }

    @Test
    void aKilledAgentIsOfflineWithinASecondAndComesBack() throws Exception {
        var id = house.online("mortal");
        var before = house.get("/workspaces/" + id).body().path("epoch").asLong();
        TestHouse.agentOf(id).destroyForcibly();
        await().atMost(Duration.ofSeconds(1))
                .pollInterval(Duration.ofMillis(10))
                .until(() -> facts(id).contains("WORKSPACE_OFFLINE"));
        house.awaitStatus(id, "online");
        assertThat(house.get("/workspaces/" + id).body().path("epoch").asLong()).isGreaterThan(before);
        assertThat(TestHouse.texts(house.say(id, TestHouse.ADMIN_TOKEN, "back")))
                .containsExactly("back");
    }

    private static List<String> facts(String id) throws Exception {
        return house.get("/events/" + id).body().findValuesAsText("event_type");
    }

    @Test
    void aPausedAgentKeepsItsCardAndItsMail() throws Exception {
        var id = house.online("sleepy");
        assertThat(house.post("/workspaces/" + id + "/pause", "").status()).isEqualTo(200);
        var answer = house.say(id, TestHouse.ADMIN_TOKEN, "hello");
        assertThat(answer.status()).isEqualTo(202);
        assertThat(answer.body().path("queued").asBoolean()).isTrue();
        var card = house.get("/workspaces/" + id + "/.well-known/agent-card.json");
        assertThat(card.status()).isEqualTo(200);
        assertThat(card.text("name")).isEqualTo("sleepy");
        assertThat(house.post("/workspaces/" + id + "/resume", "").status()).isEqualTo(200);
        house.awaitTask(id, answer.text("queue_id"), "completed");
    }

    @Test
    void theSeedsWalkThroughRunsAsPrinted() throws Exception {
        var agentUrl = "https://your-agent.example.com";
        var workspace = house.post(
                "/workspaces",
                "{\"name\": \"CI Agent\", \"runtime\": \"external\", \"external\": true, \"url\": \"" + agentUrl
                        + "\"}");
        assertThat(workspace.status()).isEqualTo(201);
        var id = workspace.text("id");
        var registered = house.post(
                "/registry/register",
                "{\"id\": \"" + id + "\", \"url\": \"" + agentUrl + "\","
                        + " \"agent_card\": {\"name\": \"CI Agent\", \"runtime\": \"external\"}}");
        assertThat(registered.status()).isEqualTo(200);
        var token = registered.text("auth_token");
        assertThat(token).isNotEmpty();
        var beat = house.call("POST", "/registry/heartbeat", token, "{\"workspace_id\": \"" + id + "\"}", Map.of());
        assertThat(beat.status()).isEqualTo(200);
        assertThat(beat.text("status")).isEqualTo("ok");
        assertThat(house.status(id)).isEqualTo("online");
        await().atMost(Duration.ofSeconds(5))
                .until(() -> house.get("/workspaces/" + id).body().hasNonNull("last_heartbeat_at"));
    }

    @Test
    void anAgentSeesItsPeersWithoutInternalAddresses() throws Exception {
        var id = house.create("{\"name\":\"looking\",\"runtime\":\"external\"}");
        var token = house.post(
                        "/registry/register",
                        "{\"id\":\"" + id + "\",\"url\":\"http://127.0.0.1:1/\",\"agent_card\":{}}")
                .text("auth_token");
        house.online("peer");
        var peers = house.call("GET", "/registry/" + id + "/peers", token, "", Map.of());
        assertThat(peers.status()).isEqualTo(200);
        assertThat(peers.body().findValuesAsText("name")).contains("peer").doesNotContain("looking");
        assertThat(Json.text(peers.body())).doesNotContainPattern("127.0.0.1:(?!" + house.port() + ")");
        var other = peers.body().get(0).path("id").asText();
        var discovered = house.call("GET", "/registry/discover/" + other, token, "", Map.of());
        assertThat(discovered.text("url")).isEqualTo(house.url() + "workspaces/" + other + "/a2a/");
        var allowed = house.call(
                "POST",
                "/registry/check-access",
                token,
                "{\"caller_id\":\"" + id + "\",\"target_id\":\"" + other + "\"}",
                Map.of());
        assertThat(allowed.body().path("allowed").asBoolean()).isTrue();
        assertThat(house.call("GET", "/workspaces", token, "", Map.of()).status())
                .isEqualTo(403);
        assertThat(house.call("GET", "/workspaces/" + id, token, "", Map.of("X-Workspace-ID", other))
                        .status())
                .isEqualTo(403);
    }

    @Test
    void aRestartOfThePlatformKeepsEverythingAndBringsAgentsBack() throws Exception {
        try (var own = TestHouse.open()) {
            var id = own.online("lasting");
            var token = own.post(
                            "/registry/register",
                            "{\"id\":\"" + own.create("{\"name\":\"far\",\"runtime\":\"external\"}")
                                    + "\",\"agent_card\":{}}")
                    .text("auth_token");
            var far = own.get("/workspaces").body().get(1).path("id").asText();
            own.restart();
            own.awaitStatus(id, "online");
            assertThat(own.status(far)).isEqualTo("online");
            assertThat(own.call("POST", "/registry/heartbeat", token, "{\"workspace_id\":\"" + far + "\"}", Map.of())
                            .status())
                    .isEqualTo(200);
            assertThat(TestHouse.texts(own.say(id, TestHouse.ADMIN_TOKEN, "still here")))
                    .containsExactly("still here");
        }
    }

    @Test
    void aRequestUnderWayFinishesWhenThePlatformStops() throws Exception {
        var own = TestHouse.open();
        var id = own.online("busy");
        try (var threads = java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor()) {
            var answer = threads.submit(() -> own.say(id, TestHouse.ADMIN_TOKEN, "sleep 2"));
            await().atMost(Duration.ofSeconds(5))
                    .until(() -> own.get("/workspaces/" + id)
                                    .body()
                                    .path("active_tasks")
                                    .asInt()
                            == 1);
            own.stop();
            assertThat(TestHouse.texts(answer.get())).containsExactly("slept 2 s");
        }
        own.close();
    }

    @Test
    void theEventSocketNeedsACredentialAndResumes() throws Exception {
        assertThatThrownBy(() -> socket("", "", new ArrayList<>())).rootCause().hasMessageContaining("401");
        var frames = new CopyOnWriteArrayList<String>();
        var first = socket(TestHouse.ADMIN_TOKEN, "", frames);
        await().until(() -> !frames.isEmpty());
        var snapshot = Json.read(frames.getFirst());
        assertThat(snapshot.path("event").asText()).isEqualTo("SNAPSHOT");
        first.abort();
        house.create("{\"name\":\"meanwhile\",\"runtime\":\"external\"}");
        var later = new CopyOnWriteArrayList<String>();
        var second =
                socket(TestHouse.ADMIN_TOKEN, "?since=" + snapshot.path("seq").asLong(), later);
        await().until(() -> later.stream().anyMatch(frame -> frame.contains("meanwhile")));
        var numbers = new ArrayList<Long>();
        for (var frame : later) {
            // What is on its way is no fact and has no number of its own.
            if (!Json.read(frame).path("event").asText().equals("TRAFFIC")) {
                numbers.add(Json.read(frame).path("seq").asLong());
            }
        }
        assertThat(numbers.getFirst()).isEqualTo(snapshot.path("seq").asLong() + 1);
        assertThat(numbers).isSorted().doesNotHaveDuplicates();
        second.abort();
    }

    private static WebSocket socket(String bearer, String query, List<String> frames) {
        var builder = house.client().newWebSocketBuilder().connectTimeout(Duration.ofSeconds(5));
        if (!bearer.isEmpty()) {
            builder.header("Authorization", "Bearer " + bearer);
        }
        return builder.buildAsync(
                        java.net.URI.create("ws://127.0.0.1:" + house.port() + "/ws" + query),
                        new WebSocket.Listener() {
                            private final StringBuilder text = new StringBuilder();

                            @Override
                            public @Nullable CompletionStage<?> onText(
                                    WebSocket socket, CharSequence data, boolean last) {
                                text.append(data);
                                if (last) {
                                    frames.add(text.toString());
                                    text.setLength(0);
                                }
                                socket.request(1);
                                return null;
                            }
                        })
                .join();
    }
}
