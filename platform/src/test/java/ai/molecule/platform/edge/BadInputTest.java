package ai.molecule.platform.edge;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.platform.TestHouse;
import ai.molecule.protocol.Json;
import io.helidon.http.Method;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Whatever is sent, to whatever route: a clear `{"error","code"}`, never a stack trace, never a 500, never
/// half a row.
class BadInputTest {

    private static final String ID = "00000000-0000-0000-0000-000000000001";
    private static final Limits QUICK =
            new Limits(256 * 1024, 512 * 1024, Duration.ofMillis(500), Duration.ofMillis(700));

    private static TestHouse house;

    @BeforeAll
    static void open() throws Exception {
        house = TestHouse.open(QUICK);
    }

    @AfterAll
    static void close() {
        house.close();
    }

    static List<Route> routes() {
        return house.routes();
    }

    static List<Route> routesWithBody() {
        return routes().stream()
                .filter(route -> List.of(Method.POST, Method.PATCH).contains(route.method()))
                .filter(route -> !route.path().matches(".*(restart|pause|hibernate|resume|signin-links|cancel|resend)"))
                .toList();
    }

    private static TestHouse.Heard send(Route route, String bearer, byte[] body)
            throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(house.url().resolve(path(route)))
                .timeout(Duration.ofSeconds(20))
                .method(route.method().text(), HttpRequest.BodyPublishers.ofByteArray(body));
        if (!bearer.isEmpty()) {
            request.header("Authorization", "Bearer " + bearer);
        }
        var response = house.client().send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        try {
            return new TestHouse.Heard(response.statusCode(), Json.read(response.body()), response);
        } catch (Json.MalformedException notJson) {
            return new TestHouse.Heard(response.statusCode(), Json.object(), response);
        }
    }

    /// Shows a secret that only other processes of the platform know.
    private static final String RELAY = "/uplinks/" + ID;

    private static String path(Route route) {
        return route.path().replace("{id}", ID).replaceAll("[{][^}]+[}]", "x");
    }

    private static void assertRefused(TestHouse.Heard heard) {
        var text = new String(heard.response().body(), StandardCharsets.UTF_8);
        assertThat(heard.status()).as(text).isBetween(400, 499);
        assertThat(text).doesNotContain("Exception").doesNotContain("\tat ");
        if (heard.body().has("jsonrpc")) {
            assertThat(heard.body().path("error").path("message").asText()).isNotEmpty();
        } else {
            assertThat(heard.text("error")).isNotEmpty();
            assertThat(heard.text("code")).matches("[a-z_]+");
        }
    }

    @ParameterizedTest
    @MethodSource("routes")
    void everyRouteButTheOpenOnesNeedsACredential(Route route) throws Exception {
        var heard = send(route, "", new byte[0]);
        if (route.who() == Route.Who.OPEN) {
            assertThat(path(route)).isIn("/health", "/signin", "/session", RELAY);
            assertThat(path(route).equals(RELAY) ? heard.status() : 401).isEqualTo(401);
        } else {
            assertThat(heard.status()).isEqualTo(401);
            assertThat(heard.response().headers().firstValue("www-authenticate"))
                    .isPresent();
            assertRefused(heard);
        }
    }

    @ParameterizedTest
    @MethodSource("routes")
    void everyRouteRefusesABadCredential(Route route) throws Exception {
        if (route.who() != Route.Who.OPEN) {
            assertThat(send(route, "mol_agt_" + "x".repeat(49), new byte[0]).status())
                    .isEqualTo(401);
        }
    }

    @ParameterizedTest
    @MethodSource("routesWithBody")
    void everyBodyIsBounded(Route route) throws Exception {
        var big = "{\"name\":\"" + "x".repeat(1 << 20) + "\"}";
        var heard = send(route, TestHouse.ADMIN_TOKEN, big.getBytes(StandardCharsets.UTF_8));
        assertRefused(heard);
        // Uplinks carry larger frames, and only for who may send them; runs show first who they are.
        var others = route.path().startsWith("/uplink") || route.who() == Route.Who.BEARER;
        assertThat(heard.status()).isIn(others ? List.of(401, 403) : List.of(413));
    }

    @ParameterizedTest
    @MethodSource("routesWithBody")
    void bodiesThatAreNoneAreRefused(Route route) throws Exception {
        var bodies = List.of(
                "".getBytes(StandardCharsets.UTF_8),
                "{".getBytes(StandardCharsets.UTF_8),
                "[]".getBytes(StandardCharsets.UTF_8),
                "7".getBytes(StandardCharsets.UTF_8),
                "null".getBytes(StandardCharsets.UTF_8),
                "\"text\"".getBytes(StandardCharsets.UTF_8),
                "{} {}".getBytes(StandardCharsets.UTF_8),
                ("[".repeat(10_000) + "]".repeat(10_000)).getBytes(StandardCharsets.UTF_8),
                ("{\"a\":".repeat(10_000) + "1" + "}".repeat(10_000)).getBytes(StandardCharsets.UTF_8),
                new byte[] {'{', '"', 'n', '"', ':', '"', (byte) 0xFF, (byte) 0xFE, '"', '}'});
        for (var body : bodies) {
            var heard = send(route, TestHouse.ADMIN_TOKEN, body);
            if (route.path().contains("/a2a/") && !route.path().endsWith("/")) {
                assertThat(heard.status()).isIn(400, 404);
                assertThat(heard.body().has("error")).isTrue();
            } else if (route.path().contains("a2a")) {
                assertThat(heard.status()).isEqualTo(200);
                assertThat(heard.body().path("error").path("code").asInt()).isIn(-32700, -32600);
            } else if (!route.path().equals("/session") || heard.status() != 401) {
                assertRefused(heard);
            }
        }
    }

    @Test
    void wrongTypesAndNulAreRefusedAndNothingIsMade() throws Exception {
        var before = house.get("/workspaces").body().size();
        for (var body : List.of(
                "{\"name\":\"a\\u0000b\"}",
                "{\"name\":[]}",
                "{\"name\":\"x\",\"tier\":\"big\"}",
                "{\"name\":\"x\",\"workspace_dir\":7}",
                "{\"name\":\"x\",\"workspace_dir\":\"relative\"}",
                "{\"name\":\"x\",\"workspace_dir\":\"/srv/../etc\"}",
                "{\"name\":\"x\",\"workspace_dir\":\"/srv/a:/etc\"}",
                "{\"name\":\"x\",\"workspace_dir\":\"/srv/a/\"}",
                "{\"name\":\"x\",\"workspace_dir\":\"/srv\",\"workspace_access\":\"all\"}",
                "{\"name\":\"x\",\"workspace_dir\":\"/srv\",\"workspace_access\":\"none\"}",
                "{\"name\":\"x\",\"workspace_access\":\"read_only\"}",
                "{\"name\":\"x\",\"workspace_dir\":\"/srv\"}",
                "{\"name\":\"x\",\"privileged\":\"yes\"}",
                "{\"name\":\"x\",\"privileged\":true}",
                "{\"name\":\"x\",\"runtime\":\"external\",\"privileged\":true}",
                "{\"name\":\"x\",\"parent_id\":7}",
                "{\"name\":\"x\",\"metadata\":{\"k\":\"\\u0000\"}}",
                "{\"name\":\"x\",\"external\":\"yes\"}",
                "{\"name\":\"\\ud800\"}",
                "{\"name\":\"x\",\"canvas\":{\"x\":\"left\"}}")) {
            var heard = house.post("/workspaces", body);
            assertThat(heard.status()).as(body).isEqualTo(400);
            assertRefused(heard);
        }
        assertThat(house.get("/workspaces").body()).hasSize(before);
    }

    @Test
    void aCardWithNulOrOfAbsurdSizeIsRefused() throws Exception {
        var id = house.create("{\"name\":\"carded\",\"runtime\":\"external\"}");
        for (var card : List.of("[]", "7", "{\"k\":\"" + "x".repeat(70_000) + "\"}", "{\"k\":\"\\u0000\"}")) {
            var heard = house.post("/registry/register", "{\"id\":\"" + id + "\",\"agent_card\":" + card + "}");
            assertThat(heard.status())
                    .as(card.substring(0, Math.min(20, card.length())))
                    .isEqualTo(400);
        }
        assertThat(house.status(id)).isEqualTo("awaiting_agent");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/nothing",
                "/workspaces/" + ID,
                "/workspaces/not-a-uuid",
                "/workspaces?limit=0",
                "/workspaces?limit=x",
                "/workspaces?limit=5&cursor=%00",
                "/events?limit=501",
                "/events/x",
                "/registry/discover/" + ID,
                "/workspaces/" + ID + "/.well-known/agent-card.json",
                "/ws",
                "/assets/../../../etc/passwd",
                "/%2e%2e/etc/passwd"
            })
    void pathsThatLeadNowhereSaySo(String path) throws Exception {
        assertRefused(house.get(path));
    }

    @Test
    void anotherMethodIs405() throws Exception {
        assertThat(house.admin("PUT", "/workspaces", "{}").status()).isEqualTo(405);
        assertThat(house.admin("DELETE", "/registry/heartbeat", "").status()).isEqualTo(405);
    }

    @Test
    void aRemovedWorkspaceIs410WithAHint() throws Exception {
        var id = house.create("{\"name\":\"short-lived\",\"runtime\":\"external\"}");
        assertThat(house.admin("DELETE", "/workspaces/" + id, "").status()).isEqualTo(200);
        var gone = house.get("/workspaces/" + id);
        assertThat(gone.status()).isEqualTo(410);
        assertThat(gone.body().fieldNames()).toIterable().contains("error", "id", "removed_at", "hint");
    }

    @Test
    void whoseConnectionAsksForItsEndGetsIt() throws Exception {
        var answer = house.raw("GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        assertThat(answer).startsWith("HTTP/1.1 200").contains("\"status\":\"ok\"");
    }

    @Test
    void http10IsToldWhatIsExpected() throws Exception {
        assertThat(house.raw("GET /health HTTP/1.0\r\nHost: x\r\n\r\n")).startsWith("HTTP/1.1 505");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "nonsense\r\n\r\n",
                "GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n",
                "GET / HTTP/1.1\r\nBad Header: x\r\n\r\n"
            })
    void malformedRequestsAreRefusedBeforeAnyRoute(String request) throws Exception {
        var answer = house.raw(request);
        assertThat(answer).startsWith("HTTP/1.1 4").doesNotContain("Exception");
    }

    @Test
    void aSenderThatNeverFinishesIsCutOff() throws Exception {
        var answer = house.raw("POST /workspaces HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + TestHouse.ADMIN_TOKEN
                + "\r\nContent-Length: 100\r\n\r\n{\"name\":");
        assertThat(answer).startsWith("HTTP/1.1 408").contains("request_timeout");
    }

    @Test
    void whoeverSaysNothingIsLetGo() throws Exception {
        assertThat(house.raw("")).isEmpty();
    }

    @Test
    void whatIsAcceptedCanBeReadBack() throws Exception {
        var id = house.create("{\"name\":\"deep\",\"runtime\":\"external\"}");
        var statuses = new java.util.ArrayList<Integer>();
        for (int depth = 50; depth <= 210; depth += 5) {
            var nested = "{\"a\":".repeat(depth) + "1" + "}".repeat(depth);
            statuses.add(house.post(
                            "/registry/update-card", "{\"workspace_id\":\"" + id + "\",\"agent_card\":" + nested + "}")
                    .status());
            assertThat(house.get("/events/" + id).status()).isEqualTo(200);
            assertThat(house.get("/workspaces/" + id).status()).isEqualTo(200);
        }
        assertThat(statuses).contains(200, 400).doesNotContain(500);
    }

    @Test
    void aMessageThatIsTooLargeIsRefusedWithTheCallersId() throws Exception {
        var big = TestHouse.message("message/send", "x".repeat(600_000)).replace("\"id\":1", "\"id\":\"mine\"");
        var heard = house.post("/workspaces/" + ID + "/a2a", big);
        assertThat(heard.status()).isEqualTo(413);
        assertThat(heard.text("id")).isEqualTo("mine");
        assertThat(heard.body().path("error").path("code").asInt()).isEqualTo(-32600);
    }

    @Test
    void anAnswerMayTakeLongerThanAConnectionMayBeIdle() throws Exception {
        var id = house.online("long-winded");
        var answer = house.say(id, TestHouse.ADMIN_TOKEN, "sleep 4");
        assertThat(TestHouse.texts(answer)).containsExactly("slept 4 s");
        var request = house.request(
                "POST",
                "/workspaces/" + id + "/a2a",
                TestHouse.ADMIN_TOKEN,
                TestHouse.message("message/stream", "slow a b c d e f g h"),
                Map.of());
        // A connection of its own: the one of the long answer may be closed as idle just now.
        try (var client = HttpClient.newHttpClient()) {
            var stream = client.send(request, HttpResponse.BodyHandlers.ofString());
            assertThat(stream.body()).contains("\"final\":true");
        }
    }

    @Test
    void aConnectionThatIsIdleIsClosed() throws Exception {
        assertThat(house.raw("GET /health HTTP/1.1\r\nHost: x\r\n\r\n")).startsWith("HTTP/1.1 200");
    }

    @Test
    void anotherSiteCannotUseAPersonsSession() throws Exception {
        var session =
                house.call("POST", "/session", "", "{\"admin_token\":\"" + TestHouse.ADMIN_TOKEN + "\"}", Map.of());
        var cookie = session.response().headers().firstValue("set-cookie").orElseThrow();
        assertThat(cookie).contains("HttpOnly").contains("SameSite=Strict");
        var pair = cookie.replaceFirst(";.*", "");
        var own = house.call(
                "POST",
                "/workspaces",
                "",
                "{\"name\":\"own\",\"runtime\":\"external\"}",
                Map.of("Cookie", pair, "Sec-Fetch-Site", "same-origin"));
        assertThat(own.status()).isEqualTo(201);
        for (var headers : List.of(
                Map.of("Cookie", pair, "Sec-Fetch-Site", "cross-site"),
                Map.of("Cookie", pair, "Origin", "https://evil.example"))) {
            assertThat(house.call("POST", "/workspaces", "", "{\"name\":\"evil\"}", headers)
                            .status())
                    .isEqualTo(403);
        }
        assertThat(house.call("DELETE", "/session", "", "", Map.of("Cookie", pair))
                        .status())
                .isEqualTo(200);
        assertThat(house.call("GET", "/workspaces", "", "", Map.of("Cookie", pair))
                        .status())
                .isEqualTo(401);
    }

    @Test
    void aSignInLinkWorksOnce() throws Exception {
        var link = house.post("/signin-links", "{}").text("url");
        var path = link.substring(link.indexOf("/signin"));
        var first = house.call("GET", path, "", "", Map.of());
        assertThat(first.status()).isEqualTo(303);
        assertThat(first.response().headers().firstValue("location")).contains("/");
        assertThat(first.response().headers().firstValue("set-cookie")).isPresent();
        var second = house.call("GET", path, "", "", Map.of());
        assertThat(second.response().headers().firstValue("location")).contains("/?signin=expired");
        assertThat(second.response().headers().firstValue("set-cookie")).isEmpty();
    }

    @Test
    void onlyListedOriginsAreLetIn() throws Exception {
        var friend = house.call("OPTIONS", "/workspaces", "", "", Map.of("Origin", "https://friend.example"));
        assertThat(friend.status()).isEqualTo(204);
        assertThat(friend.response().headers().firstValue("access-control-allow-origin"))
                .contains("https://friend.example");
        var stranger = house.call("OPTIONS", "/workspaces", "", "", Map.of("Origin", "https://evil.example"));
        assertThat(stranger.response().headers().firstValue("access-control-allow-origin"))
                .isEmpty();
    }
}
