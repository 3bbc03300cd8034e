package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ai.molecule.platform.TestHouse.Heard;
import ai.molecule.platform.admission.LocalIssuer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import javax.net.ssl.SSLException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Runs of pipelines: they join by a key or by who they are, work, and are gone.
class RunsTest {

    private static TestHouse house;
    private static LocalIssuer issuer;

    @BeforeAll
    static void open() throws Exception {
        house = TestHouse.open();
        issuer = LocalIssuer.open();
    }

    @AfterAll
    static void close() {
        issuer.close();
        house.close();
    }

    private static Heard rule(String fields) throws Exception {
        var made = house.post("/join-rules", "{\"name\":\"CI\"" + fields + "}");
        assertThat(made.status()).as(made.body().toString()).isEqualTo(201);
        return made;
    }

    private static Heard join(String bearer, String body) throws Exception {
        return house.call("POST", "/registry/join", bearer, body, Map.of());
    }

    private static Heard as(Heard joined, String method, String path, String body) throws Exception {
        return house.call(method, path, joined.text("auth_token"), body, Map.of());
    }

    private static String audience() {
        return house.url().toString().replaceFirst("/$", "");
    }

    private static void assertRefused(int status, String code, String words, Heard answer) {
        assertThat(answer.status()).as(answer.body().toString()).isEqualTo(status);
        assertThat(answer.text("code")).isEqualTo(code);
        assertThat(answer.text("error")).contains(words);
    }

    @Test
    void aRunJoinsByAKeyWorksAndLeaves() throws Exception {
        var parent = house.create("{\"name\":\"builds\",\"runtime\":\"external\"}");
        var made = rule(",\"parent_id\":\"" + parent + "\",\"role\":\"builds things\",\"ttl\":600");
        var joined = join(
                made.text("join_key"),
                "{\"external_key\":\"17/build\",\"name\":\"build 17\",\"labels\":{\"branch\":\"main\"},\"ttl\":300}");
        assertThat(joined.status()).isEqualTo(201);
        var id = joined.text("workspace_id");
        var seen = house.get("/workspaces/" + id).body();
        assertThat(seen.path("status").asText()).isEqualTo("online");
        assertThat(seen.path("ephemeral").asBoolean()).isTrue();
        assertThat(seen.path("expires_at").asText()).isEqualTo(joined.text("expires_at"));
        assertThat(seen.path("parent_id").asText()).isEqualTo(parent);
        assertThat(seen.path("role").asText()).isEqualTo("builds things");
        assertThat(seen.path("metadata").path("labels").path("branch").asText()).isEqualTo("main");

        assertThat(as(joined, "POST", "/registry/heartbeat", "{\"workspace_id\":\"" + id + "\"}")
                        .status())
                .isEqualTo(200);
        house.drop(id, "how far are you", "");
        var inbox = as(joined, "GET", "/workspaces/" + id + "/inbox?wait=5", "").body();
        assertThat(inbox.path("messages").path(0).path("text").asText()).isEqualTo("how far are you");

        var left = as(
                joined, "POST", "/registry/leave", "{\"result\":\"success\",\"exit_code\":0,\"summary\":\"built 17\"}");
        assertThat(left.text("status")).isEqualTo("removed");
        await().atMost(Duration.ofSeconds(1))
                .untilAsserted(() -> assertRefused(
                        410, "workspace_removed", "removed", as(joined, "GET", "/workspaces/" + id + "/inbox", "")));
        assertRefused(410, "workspace_removed", "removed", house.get("/workspaces/" + id));
        var run = house.get("/join-rules/" + made.text("id") + "/runs").body().path("runs");
        assertThat(run).hasSize(1);
        assertThat(run.path(0).path("result").asText()).isEqualTo("success");
        assertThat(run.path(0).path("exit_code").asInt(-1)).isZero();
        assertThat(run.path(0).path("summary").asText()).isEqualTo("built 17");
        assertThat(run.path(0).path("ended_because").asText()).isEqualTo("its agent left");
        assertThat(run.path(0).path("labels").path("branch").asText()).isEqualTo("main");
    }

    @Test
    void whatWaitsForARunThatLeftFailsVisibly() throws Exception {
        var joined = join(rule("").text("join_key"), "{\"external_key\":\"a\"}");
        var id = joined.text("workspace_id");
        var task = house.drop(id, "never read", "").path("id").asText();
        as(joined, "POST", "/registry/leave", "{}");
        await().untilAsserted(() -> {
            var ended = house.get("/tasks/" + task).body();
            assertThat(ended.toString()).contains("its workspace was removed");
        });
    }

    @Test
    void theSameRunAsksTwiceAndIsTheSameWorkspace() throws Exception {
        var made = rule("");
        var first = join(made.text("join_key"), "{\"external_key\":\"again\"}");
        var second = join(made.text("join_key"), "{\"external_key\":\"again\"}");
        assertThat(second.status()).isEqualTo(200);
        assertThat(second.text("workspace_id")).isEqualTo(first.text("workspace_id"));
        assertRefused(
                409,
                "superseded",
                "newer",
                as(first, "GET", "/workspaces/" + first.text("workspace_id") + "/secrets/values", ""));
        as(second, "POST", "/registry/leave", "{}");
        var third = join(made.text("join_key"), "{\"external_key\":\"again\"}");
        assertThat(third.status()).as("over is over").isEqualTo(201);
        assertThat(third.text("workspace_id")).isNotEqualTo(first.text("workspace_id"));
    }

    @Test
    void aRunGetsTheSecretsOfItsRuleAndNoOthers() throws Exception {
        house.post("/settings/secrets", "{\"key\":\"NPM_TOKEN\",\"value\":\"for-builds\"}");
        house.post("/settings/secrets", "{\"key\":\"ROOT_PASSWORD\",\"value\":\"for-nobody\"}");
        var joined = join(rule(",\"secrets\":[\"NPM_TOKEN\"]").text("join_key"), "{\"external_key\":\"s\"}");
        var path = "/workspaces/" + joined.text("workspace_id") + "/secrets";
        assertThat(as(joined, "GET", path + "/values", "").body().toString())
                .isEqualTo("{\"NPM_TOKEN\":\"for-builds\"}");
        assertThat(as(joined, "GET", path, "").body().findValuesAsText("key")).containsExactly("NPM_TOKEN");
        house.post(path, "{\"key\":\"OWN\",\"value\":\"given later\"}");
        assertThat(as(joined, "GET", path + "/values", "").body().properties()).hasSize(2);
        var none = join(rule("").text("join_key"), "{\"external_key\":\"none\"}");
        assertThat(as(none, "GET", "/workspaces/" + none.text("workspace_id") + "/secrets/values", "")
                        .body()
                        .properties())
                .isEmpty();
    }

    @Test
    void aRunJoinsByWhoItIs() throws Exception {
        var made = rule(",\"issuer\":\"" + issuer.url()
                + "\",\"claims\":{\"repository\":\"org/*\",\"ref\":[\"refs/heads/main\",\"refs/tags/*\"]}");
        assertThat(made.body().has("join_key")).isFalse();
        assertThat(made.text("audience")).isEqualTo(audience());
        assertRefused(400, "invalid_field", "external_key", join(issuer.token(audience(), "4711", Map.of()), "{}"));
        var joined = join(issuer.token(audience(), "4711", Map.of("job_id", "8")), "{}");
        assertThat(joined.status()).as(joined.body().toString()).isEqualTo(201);
        var run = house.get("/join-rules/" + made.text("id") + "/runs")
                .body()
                .path("runs")
                .path(0);
        assertThat(run.path("subject").asText()).isEqualTo("repo:org/repo:ref:refs/heads/main run_id=4711 job_id=8");

        var other = join(issuer.token(audience(), "4712", Map.of()), "{\"external_key\":\"run_id=4711\"}");
        assertThat(other.text("workspace_id"))
                .as("a run cannot take the place of another")
                .isNotEqualTo(joined.text("workspace_id"));

        assertRefused(
                403,
                "forbidden",
                "a join rule that admits repo:org/repo",
                join(issuer.token(audience(), "1", Map.of("repository", "evil/repo")), "{}"));
        assertRefused(
                403,
                "forbidden",
                "admits",
                join(issuer.token(audience(), "1", Map.of("ref", "refs/pull/1/merge")), "{}"));
        assertRefused(
                401, "invalid_token", audience(), join(issuer.token("https://elsewhere.example", "1", Map.of()), "{}"));
        assertRefused(401, "invalid_token", "signature", join(issuer.forged(audience()), "{}"));
        try (var stranger = LocalIssuer.open()) {
            assertRefused(401, "invalid_token", stranger.url(), join(stranger.token(audience(), "1", Map.of()), "{}"));
            assertThat(house.get("/join-rules").body().toString()).doesNotContain(stranger.url());
        }
    }

    @Test
    void anEndedRuleLetsNobodyInAndLeavesThoseWhoAreThere() throws Exception {
        var made = rule("");
        var joined = join(made.text("join_key"), "{\"external_key\":\"before\"}");
        assertThat(house.admin("DELETE", "/join-rules/" + made.text("id"), "").status())
                .isEqualTo(200);
        assertRefused(401, "invalid_token", "", join(made.text("join_key"), "{\"external_key\":\"after\"}"));
        assertThat(house.get("/workspaces/" + joined.text("workspace_id")).text("status"))
                .isEqualTo("online");
        assertRefused(404, "not_found", "", house.admin("DELETE", "/join-rules/" + made.text("id"), ""));
        assertThat(house.get("/join-rules/" + made.text("id") + "/runs").body().path("count"))
                .hasToString("1");
    }

    @Test
    void aRuleCountsItsRunsAndNoMoreComeInThanItSays() throws Exception {
        var made = rule(",\"live_max\":3");
        try (var many = Executors.newVirtualThreadPerTaskExecutor()) {
            var joins = new ArrayList<Callable<Heard>>();
            for (var i = 0; i < 12; i++) {
                var key = "{\"external_key\":\"" + i + "\"}";
                joins.add(() -> join(made.text("join_key"), key));
            }
            var statuses = many.invokeAll(joins).stream()
                    .map(done -> done.resultNow().status())
                    .sorted()
                    .toList();
            assertThat(statuses).startsWith(201, 201, 201, 409).doesNotContain(500);
        }
        assertThat(house.get("/join-rules").body().toString()).contains("\"live\":3");
    }

    @Test
    void aKeyOpensNothingElse() throws Exception {
        var key = rule("").text("join_key");
        for (var path : List.of("/workspaces", "/join-rules", "/events", "/settings/secrets")) {
            assertRefused(401, "invalid_token", "", house.call("GET", path, key, "", Map.of()));
        }
        assertRefused(401, "unauthenticated", "join key", join("", "{}"));
        assertRefused(401, "invalid_token", "", join(TestHouse.ADMIN_TOKEN, "{\"external_key\":\"x\"}"));
        assertRefused(400, "invalid_field", "external_key", join(key, "{}"));
        assertRefused(413, "payload_too_large", "", join(key, "{\"external_key\":\"" + "x".repeat(1 << 20) + "\"}"));
        assertRefused(400, "bad_request", "", join(key, "{"));
        assertRefused(400, "invalid_field", "ttl", join(key, "{\"external_key\":\"x\",\"ttl\":90000}"));
    }

    @Test
    void anEphemeralWorkspaceIsGoneWhenItsTimeIsOver() throws Exception {
        var made = house.post("/workspaces", "{\"name\":\"short\",\"external\":true,\"ephemeral\":true,\"ttl\":5}");
        assertThat(made.body().path("ephemeral").asBoolean()).isTrue();
        var managed = house.create("{\"name\":\"short, and run here\",\"ephemeral\":true,\"ttl\":5}");
        var kept = house.create("{\"name\":\"kept\",\"external\":true,\"ttl\":5}");
        assertThat(house.admin("PATCH", "/workspaces/" + kept, "{\"ephemeral\":false}")
                        .status())
                .isEqualTo(200);
        await().atMost(Duration.ofSeconds(20)).untilAsserted(() -> {
            assertThat(house.get("/workspaces/" + made.text("id")).status()).isEqualTo(410);
            assertThat(house.get("/workspaces/" + managed).status()).isEqualTo(410);
        });
        assertThat(house.get("/workspaces/" + kept).status()).isEqualTo(200);
        var removed = house.get("/events?limit=500").body().toString();
        assertThat(removed).contains("its time was over");
    }

    @Test
    void whatAgentsMayNotDo() throws Exception {
        var joined = join(rule("").text("join_key"), "{\"external_key\":\"p\"}");
        var path = "/workspaces/" + joined.text("workspace_id");
        assertRefused(403, "forbidden_field", "ttl", as(joined, "PATCH", path, "{\"ttl\":600000}"));
        assertRefused(403, "forbidden_field", "ephemeral", as(joined, "PATCH", path, "{\"ephemeral\":false}"));
        var other = join(rule("").text("join_key"), "{\"external_key\":\"q\"}").text("workspace_id");
        assertRefused(
                403, "forbidden", "", as(joined, "POST", "/registry/leave", "{\"workspace_id\":\"" + other + "\"}"));
        var managed = house.create("{\"name\":\"ours\"}");
        assertRefused(
                409,
                "not_possible",
                "external",
                house.post("/registry/leave", "{\"workspace_id\":\"" + managed + "\"}"));
        assertRefused(
                400,
                "invalid_field",
                "stays",
                house.post(
                        "/workspaces",
                        "{\"name\":\"x\",\"external\":true,\"parent_id\":\"" + joined.text("workspace_id") + "\"}"));
    }

    /// Many jobs at once, some of which die: nothing of any of them is left, and each is in the history.
    @Test
    void nothingIsLeftOfManyRuns() throws Exception {
        var jobs = 40;
        var made = rule(",\"ttl\":6,\"live_max\":100");
        var seed = System.nanoTime();
        var random = new Random(seed);
        var die = new HashSet<Integer>();
        while (die.size() < jobs / 10) {
            die.add(random.nextInt(jobs));
        }
        var work = new ArrayList<Callable<Heard>>();
        for (var job = 0; job < jobs; job++) {
            var key = "{\"external_key\":\"job " + job + "\"}";
            var dies = die.contains(job);
            work.add(() -> {
                var joined = join(made.text("join_key"), key);
                if (!dies) {
                    as(joined, "POST", "/registry/leave", "{\"result\":\"success\"}");
                }
                return joined;
            });
        }
        var tokens = new ArrayList<Heard>();
        try (var many = Executors.newFixedThreadPool(10)) {
            for (var done : many.invokeAll(work)) {
                tokens.add(done.get());
            }
        }
        assertThat(tokens).hasSize(jobs);
        var path = "/join-rules/" + made.text("id") + "/runs";
        await().atMost(Duration.ofSeconds(30)).untilAsserted(() -> {
            var runs = house.get(path).body().path("runs");
            assertThat(runs).as("seed " + seed).hasSize(jobs);
            assertThat(runs.findValuesAsText("status")).as("seed " + seed).containsOnly("removed");
        });
        assertThat(house.get(path).body().findValuesAsText("ended_because").stream()
                        .filter("its time was over"::equals))
                .hasSize(die.size());
        for (var token : tokens) {
            assertThat(as(token, "GET", "/workspaces/" + token.text("workspace_id") + "/secrets/values", "")
                            .status())
                    .isEqualTo(410);
        }
    }

    @Test
    void aRunThatSomebodyKeptIsNoRunsAnyMore() throws Exception {
        var made = rule("");
        var first = join(made.text("join_key"), "{\"external_key\":\"kept\"}");
        house.admin("PATCH", "/workspaces/" + first.text("workspace_id"), "{\"ephemeral\":false}");
        var second = join(made.text("join_key"), "{\"external_key\":\"kept\"}");
        assertThat(second.status()).isEqualTo(201);
        assertThat(second.text("workspace_id")).isNotEqualTo(first.text("workspace_id"));
        assertThat(as(first, "GET", "/workspaces/" + first.text("workspace_id") + "/state", "")
                        .status())
                .as("its token is still its own")
                .isEqualTo(200);
    }

    @Test
    void whoWasRefusedIsKeptInMindForAWhile() throws Exception {
        join("mol_jnk_" + "y".repeat(49), "{}");
        var refusals = house.get("/registry/refusals").body().path("refusals");
        assertThat(refusals.path(0).path("path").asText()).isEqualTo("/registry/join");
        assertThat(refusals.path(0).path("code").asText()).isEqualTo("invalid_token");
        assertThat(refusals.toString()).doesNotContain("mol_jnk_");
    }

    @Test
    void whoComesWithTlsIsToldAndKeptInMindToo() throws Exception {
        var secure = URI.create(house.url().toString().replace("http:", "https:"));
        try (var client = HttpClient.newHttpClient()) {
            assertThatThrownBy(() -> client.send(HttpRequest.newBuilder(secure).build(), BodyHandlers.discarding()))
                    .isInstanceOf(SSLException.class)
                    .hasMessageContaining("handshake_failure");
        }
        var refusals = house.get("/registry/refusals").body().path("refusals");
        assertThat(refusals.path(0).path("code").asText()).isEqualTo("plain_http");
        assertThat(refusals.path(0).path("peer").asText()).isEqualTo("127.0.0.1");
    }
}
