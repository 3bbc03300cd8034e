package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Agents that message each other while they, the platform and its PostgreSQL are killed at random: afterwards
/// every accepted message had its effect, once, in order, and nothing is left behind.
///
/// `-Dcrash.messages`, `-Dcrash.kills` and `-Dcrash.seed` set how much and which; the seed of a run is printed.
class CrashTest {

    private static final int AGENTS = 20;
    private static final int MESSAGES = Integer.getInteger("crash.messages", 10_000);
    private static final int KILLS = Integer.getInteger("crash.kills", 20);
    private static final long SEED = Long.getLong("crash.seed", System.nanoTime());
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    private Path directory;

    private final Random random = new Random(SEED);
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(2))
            .build();
    private final List<Member> members = new ArrayList<>();
    private final AtomicInteger accepted = new AtomicInteger();
    private int port;
    private @Nullable Process process;

    /// An agent and the workspace it works for.
    private record Member(String id, String token, CrashingAgent agent) {}

    @AfterEach
    void end() throws InterruptedException {
        members.forEach(member -> member.agent().close());
        platform().destroy();
        platform().waitFor(20, TimeUnit.SECONDS);
        platform().destroyForcibly();
        client.close();
    }

    @Test
    void whatIsAcceptedHappensOnceInOrderWhateverIsKilled() throws Exception {
        System.out.println(
                "CrashTest: seed " + SEED + ", " + MESSAGES + " messages, " + KILLS + " kills of the platform");
        try (var server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = server.getLocalPort();
        }
        startPlatform();
        for (int i = 0; i < AGENTS; i++) {
            members.add(join("agent " + i));
        }
        var sent = new ArrayList<Future<Integer>>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < AGENTS; i++) {
                var sender = i;
                var seed = random.nextLong();
                Callable<Integer> work = () -> send(sender, new Random(seed));
                sent.add(threads.submit(work));
            }
            makeTrouble(sent);
        }
        for (var one : sent) {
            assertThat(one.get()).isEqualTo(MESSAGES / AGENTS);
        }
        await().atMost(Duration.ofMinutes(3))
                .pollInterval(Duration.ofMillis(200))
                .until(this::unfinished, left -> left == 0);
        checkHistory();
    }

    /// Kills agents all the time, the platform now and then, and PostgreSQL once, until all is sent and killed.
    private void makeTrouble(List<Future<Integer>> sent) throws Exception {
        var kills = 0;
        var databaseKilled = false;
        for (var round = 1; kills < KILLS || sent.stream().anyMatch(one -> !one.isDone()); round++) {
            LockSupport.parkNanos(Duration.ofMillis(100 + random.nextInt(200)).toNanos());
            var member = members.get(random.nextInt(AGENTS));
            member.agent().kill();
            LockSupport.parkNanos(Duration.ofMillis(random.nextInt(300)).toNanos());
            announce(member, member.agent().start());
            if (round % 4 == 0 && kills < KILLS) {
                platform().destroyForcibly().waitFor();
                kills++;
                startPlatform();
            }
            if (!databaseKilled && kills >= KILLS / 2) {
                killDatabase();
                databaseKilled = true;
            }
        }
    }

    private Process platform() {
        return Objects.requireNonNull(process, "the platform was started");
    }

    private void startPlatform() throws IOException {
        var settings = Map.of("PORT", String.valueOf(port), "ADMIN_TOKEN", TestHouse.ADMIN_TOKEN);
        process = PlatformProgram.in(directory, settings)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("out").toFile()))
                .start();
        await().atMost(PATIENCE).pollInterval(Duration.ofMillis(50)).until(this::up);
    }

    private boolean up() throws InterruptedException {
        assertThat(platform().isAlive()).as(this::output).isTrue();
        try {
            var request = HttpRequest.newBuilder(url("/health"))
                    .timeout(Duration.ofSeconds(2))
                    .build();
            return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException notYet) {
            return false;
        }
    }

    private String output() {
        try {
            return Files.readString(directory.resolve("out"));
        } catch (IOException none) {
            return "no output: " + none;
        }
    }

    private URI url(String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }

    private void killDatabase() throws IOException {
        var pid = Long.parseLong(Files.readAllLines(directory.resolve("data/postgres/data/postmaster.pid"))
                .getFirst()
                .strip());
        ProcessHandle.of(pid).ifPresent(ProcessHandle::destroyForcibly);
    }

    private Member join(String name) throws Exception {
        var agent = new CrashingAgent();
        var id = call(
                        TestHouse.ADMIN_TOKEN,
                        "/workspaces",
                        "{\"name\":\"" + name + "\",\"runtime\":\"external\",\"max_concurrent_tasks\":4}")
                .path("id")
                .asText();
        var token = call(TestHouse.ADMIN_TOKEN, "/registry/register", registration(id, agent.start()))
                .path("auth_token")
                .asText();
        return new Member(id, token, agent);
    }

    private void announce(Member member, int agentPort) throws Exception {
        call(member.token(), "/registry/register", registration(member.id(), agentPort));
    }

    private static String registration(String id, int agentPort) {
        return "{\"id\":\"" + id + "\",\"url\":\"http://127.0.0.1:" + agentPort
                + "/\",\"agent_card\":{\"name\":\"x\",\"capabilities\":{\"streaming\":true},\"supportedInterfaces\":[{\"url\":\"http://x/\","
                + "\"protocolBinding\":\"JSONRPC\",\"protocolVersion\":\"1.0\"}]}}";
    }

    /// Sends one agent's share, each message until it is accepted; gives how many were.
    private int send(int sender, Random own) throws Exception {
        var numbers = new HashMap<Integer, Integer>();
        for (int n = 0; n < MESSAGES / AGENTS; n++) {
            var target = (sender + 1 + own.nextInt(AGENTS - 1)) % AGENTS;
            var number = numbers.merge(target, 1, Integer::sum);
            var context = UUID.nameUUIDFromBytes((sender + ">" + target).getBytes(StandardCharsets.UTF_8));
            var answer = call(
                    members.get(sender).token(),
                    "/workspaces/" + members.get(target).id() + "/a2a",
                    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"SendMessage\",\"params\":{\"message\":{\"role\":\"ROLE_USER\",\"messageId\":\""
                            + sender + "-" + n + "\",\"contextId\":\"" + context + "\",\"parts\":[{\"text\":\"" + number
                            + "\"}]},\"configuration\":{\"returnImmediately\":true}}}");
            assertThat(answer.path("result").path("task").path("id").asText())
                    .as(answer::toString)
                    .isNotEmpty();
            accepted.incrementAndGet();
        }
        return MESSAGES / AGENTS;
    }

    /// Calls until the platform answers, through all its deaths.
    private JsonNode call(String bearer, String path, String body) throws Exception {
        var until = System.nanoTime() + Duration.ofMinutes(2).toNanos();
        while (true) {
            try {
                var request = HttpRequest.newBuilder(url(path))
                        .timeout(Duration.ofSeconds(15))
                        .header("Authorization", "Bearer " + bearer)
                        .header("A2A-Version", "1.0")
                        .POST(HttpRequest.BodyPublishers.ofString(body))
                        .build();
                var response = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
                if (response.statusCode() < 300) {
                    return Json.read(response.body());
                }
                if (response.statusCode() < 500 && response.statusCode() != 429) {
                    throw new IllegalStateException(path + ": " + response.statusCode() + " "
                            + new String(response.body(), StandardCharsets.UTF_8));
                }
            } catch (IOException dead) {
                assertThat(System.nanoTime()).as(() -> dead + "\n" + output()).isLessThan(until);
            }
            LockSupport.parkNanos(Duration.ofMillis(50).toNanos());
        }
    }

    private List<String> rows(String sql) throws SQLException, IOException {
        var pid = Files.readAllLines(directory.resolve("data/postgres/data/postmaster.pid"));
        var password =
                Files.readString(directory.resolve("data/postgres/password")).strip();
        try (var connection = DriverManager.getConnection(
                        "jdbc:postgresql://127.0.0.1:" + pid.get(3).strip() + "/postgres", "molecule", password);
                var statement = connection.createStatement();
                var set = statement.executeQuery(sql)) {
            var rows = new ArrayList<String>();
            while (set.next()) {
                rows.add(set.getString(1));
            }
            return rows;
        }
    }

    private int unfinished() throws SQLException, IOException {
        return Integer.parseInt(rows("select count(*) from tasks where not task_ended(state)")
                        .getFirst())
                + Integer.parseInt(rows("select count(*) from deliveries where phase in ('queued', 'leased')")
                        .getFirst());
    }

    private void checkHistory() throws Exception {
        assertThat(accepted.get()).isEqualTo(MESSAGES);
        assertThat(rows("select count(*) from tasks")).containsExactly(String.valueOf(MESSAGES));
        assertThat(rows(
                        "select t.state || ': ' || coalesce(d.problem, '') from tasks t join deliveries d on d.task_id = t.id"
                                + " where t.state <> 'completed'"))
                .isEmpty();
        assertThat(rows("select task_id::text from task_events group by task_id having max(seq) <> count(*)"))
                .isEmpty();
        assertThat(
                        rows(
                                "select id::text from tasks t where seq <> (select max(seq) from task_events e where e.task_id = t.id)"))
                .isEmpty();
        assertThat(rows("select workspace_id::text from mailboxes where queued <> 0 or bytes <> 0 or running <> 0"))
                .isEmpty();
        var effects = new HashMap<String, Integer>();
        members.forEach(member ->
                member.agent().effects().forEach((id, count) -> effects.merge(id, count.get(), Integer::sum)));
        assertThat(effects)
                .hasSize(MESSAGES)
                .allSatisfy((id, count) -> assertThat(count).isEqualTo(1));
        for (var member : members) {
            var last = new HashMap<String, Integer>();
            for (var arrival : member.agent().arrivals()) {
                assertThat(arrival.number())
                        .as("order in context " + arrival.context())
                        .isEqualTo(last.getOrDefault(arrival.context(), 0) + 1);
                last.put(arrival.context(), arrival.number());
            }
        }
    }
}
