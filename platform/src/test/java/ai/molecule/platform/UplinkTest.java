package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.agent.Engine;
import ai.molecule.agent.RemoteAgent;
import ai.molecule.agent.Work;
import ai.molecule.protocol.Message;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// An agent without a port, reached over a connection that it opened; and everything that can become of that
/// connection.
class UplinkTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final int MESSAGES = Integer.getInteger("uplink.messages", 2_000);
    private static final int SENDERS = 20;

    @TempDir
    private Path state;

    private TestHouse house;
    private HostileProxy proxy;
    private final List<RemoteAgent> agents = new ArrayList<>();
    private final Map<String, List<String>> heard = new ConcurrentHashMap<>();

    @BeforeEach
    void open() throws Exception {
        house = TestHouse.open(Map.of(
                "PORT",
                String.valueOf(freePort()),
                "SECRETS_ENCRYPTION_KEY",
                "the same for all processes of a platform"));
        proxy = new HostileProxy(house.port());
    }

    @AfterEach
    void close() throws Exception {
        agents.forEach(RemoteAgent::close);
        proxy.close();
        house.close();
    }

    private static int freePort() throws Exception {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    /// Says what it is told, notes it, and asks whom it is told to ask.
    private final class Noting implements Engine {
        @Override
        public String runtime() {
            return "noting";
        }

        @Override
        public String description() {
            return "Notes what it is told";
        }

        @Override
        public void work(Message message, Work work) throws Exception {
            var text = message.text();
            heard.computeIfAbsent(String.valueOf(message.contextId()), any -> new CopyOnWriteArrayList<>())
                    .add(text);
            for (var word : text.split(" ", -1)) {
                work.write(word + " ", false);
                if (text.startsWith("slow")) {
                    LockSupport.parkNanos(Duration.ofMillis(100).toNanos());
                }
            }
            work.complete();
        }
    }

    private String external(String more) throws Exception {
        return house.create("{\"name\":\"far away\",\"runtime\":\"external\"" + more + "}");
    }

    private String enrolment(String id) throws Exception {
        return house.post("/workspaces/" + id + "/enrolments", "").text("enrolment_token");
    }

    private RemoteAgent join(URI platform, String id) throws Exception {
        var agent = RemoteAgent.joining(platform)
                .state(Files.createDirectories(state.resolve(id)))
                .enrolment(enrolment(id))
                .inBackground()
                .start(new Noting());
        agents.add(agent);
        await().atMost(PATIENCE).until(agent::connected);
        return agent;
    }

    private String answer(String id, String text) throws Exception {
        return String.join("", TestHouse.texts(house.say(id, TestHouse.ADMIN_TOKEN, text)))
                .strip();
    }

    private String kind(String id) throws Exception {
        var known = house.get("/workspaces/" + id + "/uplink").body();
        return known.path("open").asBoolean() ? known.path("kind").asText() : "";
    }

    @Test
    void anAgentWithoutAPortIsReached() throws Exception {
        var id = external("");
        join(house.url(), id);
        var shown = house.get("/workspaces/" + id);
        assertThat(shown.text("status")).isEqualTo("online");
        assertThat(shown.text("delivery_mode")).isEqualTo("uplink");
        assertThat(shown.text("url")).isEmpty();
        assertThat(answer(id, "are you there")).isEqualTo("are you there");
        assertThat(kind(id)).isEqualTo("socket");
    }

    @Test
    void aStreamComesEventByEvent() throws Exception {
        var id = external("");
        join(house.url(), id);
        var seen = new ArrayList<Long>();
        var request = house.request(
                "POST",
                "/workspaces/" + id + "/a2a",
                TestHouse.ADMIN_TOKEN,
                TestHouse.message("message/stream", "slow one two three four five"),
                Map.of());
        house.client()
                .send(request, java.net.http.HttpResponse.BodyHandlers.ofLines())
                .body()
                .filter(line -> line.contains("\"kind\":\"artifact-update\""))
                .forEach(line -> seen.add(System.nanoTime()));
        assertThat(seen).hasSize(6);
        assertThat(Duration.ofNanos(seen.getLast() - seen.getFirst())).isGreaterThan(Duration.ofMillis(300));
    }

    @Test
    void itAsksItsPeersAndIsAsked() throws Exception {
        var id = external("");
        var agent = join(house.url(), id);
        var peer = house.create("{\"name\":\"here\"}");
        house.awaitStatus(peer, "online");
        assertThat(answer(peer, "ask " + id + " how are you")).contains("how are you");
        assertThat(agent.ask(ai.molecule.protocol.WorkspaceId.parse(peer).orElseThrow(), "and you"))
                .contains("and you");
    }

    @Test
    void secretsThatChangeReachItWithoutARestart() throws Exception {
        var id = external(",\"secrets\":{\"FIRST\":\"one\"}");
        var agent = join(house.url(), id);
        await().atMost(PATIENCE).until(() -> agent.secrets().equals(Map.of("FIRST", "one")));
        house.post("/workspaces/" + id + "/secrets", "{\"key\":\"SECOND\",\"value\":\"two\"}");
        await().atMost(Duration.ofSeconds(5))
                .until(() -> agent.secrets().equals(Map.of("FIRST", "one", "SECOND", "two")));
        var told = house.get("/events/" + id + "?limit=50").body().toString();
        assertThat(told).contains("SECRETS_READ").contains("SECOND").doesNotContain("\"two\"");
    }

    @Test
    void whatChangedWhileItWasAwayIsKnownOnceItIsBack() throws Exception {
        var id = external(",\"secrets\":{\"KEY\":\"before\"}");
        var agent = join(proxy.url(), id);
        await().atMost(PATIENCE).until(() -> agent.secrets().equals(Map.of("KEY", "before")));
        proxy.freeze(true);
        proxy.cut();
        await().atMost(PATIENCE).until(() -> kind(id).isEmpty());
        house.post("/workspaces/" + id + "/secrets", "{\"key\":\"KEY\",\"value\":\"after\"}");
        house.post("/workspaces/" + id + "/pause", "");
        proxy.freeze(false);
        await().atMost(PATIENCE).until(() -> agent.secrets().equals(Map.of("KEY", "after")) && agent.paused());
    }

    @Test
    void itIsToldWhenSomebodyPausesItAndLetsItGoOn() throws Exception {
        var id = external("");
        var agent = join(house.url(), id);
        var told = new CopyOnWriteArrayList<Boolean>();
        agent.onPaused(told::add);
        house.post("/workspaces/" + id + "/pause", "");
        await().atMost(Duration.ofSeconds(5)).until(agent::paused);
        house.post("/workspaces/" + id + "/resume", "");
        await().atMost(Duration.ofSeconds(5)).until(() -> told.equals(List.of(true, false)));
        house.awaitStatus(id, "online");
    }

    @Test
    void whereNoWebSocketGetsThroughItPolls() throws Exception {
        proxy.refuseUpgrades(true);
        var id = external("");
        join(proxy.url(), id);
        assertThat(kind(id)).isEqualTo("poll");
        assertThat(answer(id, "through the keyhole")).isEqualTo("through the keyhole");
        assertThat(answer(id, "slow but sure")).isEqualTo("slow but sure");
        var long_ = "word ".repeat(3_000).strip();
        assertThat(answer(id, long_)).isEqualTo(long_);
        proxy.cut();
        assertThat(answer(id, "after a cut")).isEqualTo("after a cut");
        assertThat(proxy.upgrades()).isZero();
    }

    @Test
    void aConnectionThatBreaksInTheMiddleOfAnAnswerIsGoneOnWith() throws Exception {
        var id = external("");
        join(proxy.url(), id);
        var task = house.drop(id, "slow a b c d e f g h i j k l m n o p", "")
                .path("id")
                .asText();
        await().atMost(PATIENCE).until(() -> house.task(id, task).toString().contains("\"c \""));
        proxy.cut();
        house.awaitTask(id, task, "completed");
        assertThat(String.join("", house.task(id, task).path("artifacts").findValuesAsText("text")))
                .isEqualTo("slow a b c d e f g h i j k l m n o p ");
        assertThat(heard.values().stream().mapToInt(List::size).sum()).isEqualTo(1);
    }

    @Test
    void aPeerThatFallsSilentIsOfflineWithinFifteenSecondsAndComesBack() throws Exception {
        var id = external("");
        join(proxy.url(), id);
        var began = System.nanoTime();
        proxy.freeze(true);
        await().atMost(Duration.ofSeconds(20)).until(() -> house.status(id).equals("offline"));
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(15));
        assertThat(house.get("/workspaces/" + id).text("status_reason")).contains("no uplink");
        var task = house.drop(id, "when you are back", "").path("id").asText();
        proxy.freeze(false);
        proxy.cut();
        house.awaitStatus(id, "online");
        house.awaitTask(id, task, "completed");
    }

    @Test
    void aPlatformThatStartsAgainFindsItsAgents() throws Exception {
        var id = external("");
        var agent = join(house.url(), id);
        house.stop();
        await().atMost(PATIENCE).until(() -> !agent.connected());
        house.restart();
        await().atMost(PATIENCE).until(agent::connected);
        assertThat(house.status(id)).isEqualTo("online");
        assertThat(answer(id, "still you")).isEqualTo("still you");
        assertThat(house.get("/workspaces/" + id).body().path("epoch").asInt(1)).isEqualTo(1);
    }

    @Test
    void anIdentityThatIsUsedTwiceAtATimeIsRefusedAndNamed() throws Exception {
        var id = external("");
        join(house.url(), id);
        var token = Files.readString(state.resolve(id).resolve(".auth_token"));
        var second =
                house.call("POST", "/uplink/poll", token, "{\"epoch\":\"1\",\"boot\":\"another process\"}", Map.of());
        assertThat(second.status()).isEqualTo(409);
        var endless = "{\"boot\":\"" + "x".repeat(18 * 1024 * 1024) + "\"}";
        assertThat(house.call("POST", "/uplink/poll", token, endless, Map.of()).status())
                .isEqualTo(413);
        assertThat(second.text("code")).isEqualTo("identity_in_use");
        assertThat(second.text("error")).contains("from 127.0.0.1");
        try (var other = house.beside()) {
            var elsewhere = other.call(
                    "POST", "/uplink/poll", token, "{\"epoch\":\"1\",\"boot\":\"another process\"}", Map.of());
            assertThat(elsewhere.text("code")).as("at another process").isEqualTo("identity_in_use");
        }
        assertThat(answer(id, "it is me")).isEqualTo("it is me");
    }

    @Test
    void aTokenIsChangedWithoutAPauseAndEndedAtOnce() throws Exception {
        var id = external("");
        var agent = join(house.url(), id);
        var first = Files.readString(state.resolve(id).resolve(".auth_token"));
        var second = house.post("/workspaces/" + id + "/tokens", "").text("auth_token");
        for (var token : List.of(first, second)) {
            assertThat(house.call("GET", "/workspaces/" + id + "/state", token, "", Map.of())
                            .status())
                    .isEqualTo(200);
        }
        await().atMost(PATIENCE)
                .until(
                        () -> house
                                .get("/workspaces/" + id + "/tokens")
                                .body()
                                .path("tokens")
                                .findValuesAsText("last_used_at")
                                .stream()
                                .noneMatch(at -> at.equals("null")));
        var tokens = house.get("/workspaces/" + id + "/tokens").body().path("tokens");
        assertThat(tokens).hasSize(2);
        var ended = house.admin(
                "DELETE",
                "/workspaces/" + id + "/tokens/" + tokens.get(1).path("id").asText(),
                "");
        assertThat(ended.text("status")).isEqualTo("revoked");
        await().atMost(Duration.ofSeconds(2)).until(() -> !agent.connected());
        assertThat(agent.awaitEnd()).isEqualTo(77);
        assertThat(house.call("GET", "/workspaces/" + id + "/state", second, "", Map.of())
                        .status())
                .isEqualTo(200);
    }

    @Test
    void oneThatIsRemovedIsToldSo() throws Exception {
        var id = external("");
        var agent = join(house.url(), id);
        var token = Files.readString(state.resolve(id).resolve(".auth_token"));
        house.admin("DELETE", "/workspaces/" + id, "");
        assertThat(agent.awaitEnd()).isEqualTo(79);
        var gone = house.call("GET", "/workspaces/" + id + "/state", token, "", Map.of());
        assertThat(gone.status()).isEqualTo(410);
        assertThat(gone.text("id")).isEqualTo(id);
        assertThat(gone.text("removed_at")).isNotEmpty();
    }

    @Test
    void whicheverProcessIsAskedItIsReachedWhereItsUplinkEnds() throws Exception {
        try (var other = house.beside()) {
            var id = external("");
            var agent = join(house.url(), id);
            for (var words : List.of("asked elsewhere", "slow but asked elsewhere")) {
                assertThat(TestHouse.texts(other.say(id, TestHouse.ADMIN_TOKEN, words))
                                .toString())
                        .contains(words.substring(words.length() - 9));
            }
            var task =
                    other.drop(id, "slow " + "word ".repeat(200), "").path("id").asText();
            await().atMost(PATIENCE).until(() -> other.task(id, task).toString().contains("\"word \""));
            other.post("/tasks/" + task + "/cancel", "");
            other.awaitTask(id, task, "canceled");
            house.stop();
            await().atMost(PATIENCE).until(() -> !agent.connected());
            await().atMost(PATIENCE).until(() -> other.status(id).equals("offline"));
            house.restart();
            await().atMost(PATIENCE).until(agent::connected);
            var back = other.drop(id, "back again", "").path("id").asText();
            other.awaitTask(id, back, "completed");
        }
    }

    @Test
    void aWorkspaceMovesOutAndComesBackWithEverythingThatIsItsOwn() throws Exception {
        var id = house.create("{\"name\":\"mover\",\"secrets\":{\"KEY\":\"12345\"}}");
        house.awaitStatus(id, "online");
        house.admin("PATCH", "/workspaces/" + id, "{\"x\":321,\"y\":123}");
        var moved = house.admin("PATCH", "/workspaces/" + id, "{\"backend\":\"external\"}");
        assertThat(moved.status()).as("%s", moved.body()).isEqualTo(200);
        assertThat(house.status(id)).isEqualTo("awaiting_agent");
        var task = house.drop(id, "on the way", "").path("id").asText();
        var agent = RemoteAgent.joining(house.url())
                .state(Files.createDirectories(state.resolve(id)))
                .enrolment(
                        moved.body().path("connection").path("enrolment_token").asText())
                .inBackground()
                .start(new Noting());
        agents.add(agent);
        house.awaitTask(id, task, "completed");
        await().atMost(PATIENCE).until(() -> agent.secrets().equals(Map.of("KEY", "12345")));
        assertThat(house.get("/workspaces/" + id).body().path("x").asInt()).isEqualTo(321);
        assertThat(house.get("/workspaces/" + id).body().path("external").asBoolean())
                .isTrue();
        assertThat(house.admin("PATCH", "/workspaces/" + id, "{\"backend\":\"process\"}")
                        .status())
                .isEqualTo(200);
        assertThat(agent.awaitEnd()).isIn(77, 78);
        var back = house.drop(id, "secret KEY", "").path("id").asText();
        house.awaitTask(id, back, "completed");
        assertThat(house.task(id, back).toString()).contains("KEY has 5 characters");
        var home = house.get("/workspaces/" + id);
        assertThat(home.text("backend")).isEqualTo("process");
        assertThat(home.text("runtime")).isEqualTo("echo");
        assertThat(home.body().path("x").asInt()).isEqualTo(321);
    }

    @Test
    void noMessageIsLostOrDoubledOrOvertakenOverManyBreaks() throws Exception {
        var seed = System.nanoTime();
        var random = new Random(seed);
        var id = external(",\"max_concurrent_tasks\":8");
        join(proxy.url(), id);
        var over = new AtomicBoolean();
        var lastOnes = new CopyOnWriteArrayList<String>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var breaking = threads.submit(() -> {
                var breaks = 0;
                while (!over.get()) {
                    LockSupport.parkNanos(
                            Duration.ofMillis(200 + random.nextInt(1_500)).toNanos());
                    proxy.refuseUpgrades(random.nextInt(4) == 0);
                    proxy.cut();
                    breaks++;
                }
                return breaks;
            });
            var senders = new ArrayList<Future<?>>();
            for (var sender = 0; sender < SENDERS; sender++) {
                var context = "line-" + sender;
                senders.add(threads.submit(() -> {
                    var task = "";
                    for (var i = 0; i < MESSAGES / SENDERS; i++) {
                        var more = ",\"messageId\":\"" + context + "-" + i + "\",\"contextId\":\"" + context + "\"";
                        task = house.drop(id, context + " " + i, more)
                                .path("id")
                                .asText();
                        assertThat(task).as("message %s of %s", i, context).isNotEmpty();
                    }
                    return lastOnes.add(task);
                }));
            }
            for (var sender : senders) {
                sender.get();
            }
            await("seed " + seed)
                    .atMost(Duration.ofMinutes(4))
                    .pollInterval(Duration.ofMillis(200))
                    .until(() -> heard.values().stream().mapToInt(List::size).sum() >= MESSAGES);
            over.set(true);
            System.out.println(MESSAGES + " messages over " + breaking.get() + " breaks, seed " + seed);
        }
        for (var line : heard.values()) {
            var expected = new ArrayList<String>();
            for (var i = 0; i < MESSAGES / SENDERS; i++) {
                expected.add(line.getFirst().replaceFirst(" .*", "") + " " + i);
            }
            assertThat(line).as("seed %s", seed).isEqualTo(expected);
        }
        assertThat(heard).hasSize(SENDERS);
        for (var last : lastOnes) {
            house.awaitTask(id, last, "completed");
        }
        assertThat(house.get("/dead-letters").body()).isEmpty();
    }
}
