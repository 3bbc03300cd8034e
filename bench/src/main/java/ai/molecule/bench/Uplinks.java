package ai.molecule.bench;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// Agents that opened the connection themselves: what one costs at rest, how soon a fresh one answers, and how
/// messages to many of them are spread.
final class Uplinks {

    private static final int AT_ONCE = 32;
    private static final int FRESH = 50;
    private static final int SPREAD = 1000;
    private static final Duration PATIENCE = Duration.ofMinutes(5);

    private final Platform platform;
    private final int agents;
    private final BiConsumer<String, String> row;
    private final HttpClient client = HttpClient.newHttpClient();
    private final AtomicInteger open = new AtomicInteger();

    Uplinks(Platform platform, int agents, BiConsumer<String, String> row) {
        this.platform = platform;
        this.agents = agents;
        this.row = row;
    }

    private record Member(String workspace, String token) {}

    void measure() throws IOException, InterruptedException, ExecutionException {
        var members = all(agents, n -> join());
        var before = platform.heapBytes();
        var residentBefore = platform.residentMegabytes();
        var began = System.nanoTime();
        var sockets = all(agents, n -> connect(members.get(n)));
        row.accept(agents + " uplinks opened, " + AT_ONCE + " at a time", Bench.since(began) + " ms");
        var each = (platform.heapBytes() - before) / agents;
        row.accept(
                "heap for an idle uplink, of " + open.get() + " open",
                each / 1024 + " KB (resident " + residentBefore + " -> " + platform.residentMegabytes() + " MiB)");
        fresh();
        spread(members);
        sockets.forEach(WebSocket::abort);
        client.close();
    }

    /// From the upgrade to the answer of the first message, with that many uplinks open beside.
    private void fresh() throws IOException, InterruptedException, ExecutionException {
        var times = new ArrayList<Long>();
        for (int i = 0; i < FRESH; i++) {
            var member = join();
            var began = System.nanoTime();
            connect(member);
            ask(member);
            times.add(Bench.since(began));
        }
        row.accept("a fresh uplink: from the handshake to its first answer, n=" + FRESH, Bench.told(times));
    }

    private void spread(List<Member> members) throws InterruptedException, ExecutionException {
        var began = System.nanoTime();
        var count = Math.min(SPREAD, members.size());
        var times = all(count, n -> {
            var asked = System.nanoTime();
            ask(members.get(n));
            return Bench.since(asked);
        });
        var sorted = times.stream().sorted().toList();
        row.accept(
                "one message to each of " + count + " uplinks, " + AT_ONCE + " at a time",
                Bench.since(began) + " ms; each p50 " + Bench.median(times) + " ms, p99 "
                        + sorted.get(sorted.size() * 99 / 100) + " ms, max " + Collections.max(times) + " ms");
    }

    private interface Each<T> {
        T of(int n) throws IOException, InterruptedException, ExecutionException;
    }

    private static <T> List<T> all(int count, Each<T> each) throws InterruptedException, ExecutionException {
        var turns = new Semaphore(AT_ONCE);
        var futures = new ArrayList<Future<T>>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int i = 0; i < count; i++) {
                var n = i;
                futures.add(threads.submit(() -> {
                    turns.acquire();
                    try {
                        return each.of(n);
                    } finally {
                        turns.release();
                    }
                }));
            }
        }
        var done = new ArrayList<T>();
        for (var future : futures) {
            done.add(future.get());
        }
        return done;
    }

    private Member join() throws IOException {
        var created = platform.call(
                "POST", "/workspaces", "{\"name\":\"far\",\"runtime\":\"external\",\"canvas\":{\"x\":0,\"y\":0}}");
        var id = created.path("id").asText();
        var registered = platform.call(
                "POST",
                "/registry/register",
                "{\"id\":\"" + id
                        + "\",\"agent_card\":{\"name\":\"far\",\"protocolVersion\":\"0.3.0\"},\"delivery_mode\":\"uplink\"}");
        return new Member(id, registered.path("auth_token").asText());
    }

    private WebSocket connect(Member member) throws InterruptedException, ExecutionException, IOException {
        var address = URI.create("ws://127.0.0.1:" + platform.port() + "/uplink?boot=bench");
        var welcome = new Semaphore(0);
        var socket = client.newWebSocketBuilder()
                .header("Authorization", "Bearer " + member.token())
                .buildAsync(address, new Answering(welcome))
                .get();
        if (!welcome.tryAcquire(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
            throw new IOException("Expected a welcome");
        }
        open.incrementAndGet();
        return socket;
    }

    private void ask(Member member) throws IOException {
        var answer = platform.call(
                "POST",
                "/workspaces/" + member.workspace() + "/a2a",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"message/send\",\"params\":{\"message\":"
                        + "{\"role\":\"user\",\"parts\":[{\"kind\":\"text\",\"text\":\"hello\"}]}}}");
        if (!answer.toString().contains("well, hello")) {
            throw new IOException("Expected an answer, but found " + answer);
        }
    }

    /// Answers every call with the same words.
    private static final class Answering implements WebSocket.Listener {

        private final Semaphore welcome;

        Answering(Semaphore welcome) {
            this.welcome = welcome;
        }

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
            socket.request(1);
            var frame = Json.trusted(text.toString());
            return switch (frame.path("type").asText()) {
                case "welcome" -> {
                    welcome.release();
                    yield null;
                }
                case "call" -> socket.sendText(Json.text(answer(frame)), true);
                default -> null;
            };
        }

        private static JsonNode answer(JsonNode call) {
            var frame = Json.object()
                    .put("type", "whole")
                    .put("id", call.path("id").asLong())
                    .put("status", 200);
            var body = frame.putObject("body").put("jsonrpc", "2.0");
            body.set("id", call.path("body").path("id"));
            var message = body.putObject("result")
                    .put("kind", "message")
                    .put("role", "agent")
                    .put("messageId", "m");
            message.putArray("parts").addObject().put("kind", "text").put("text", "well, hello");
            return frame;
        }
    }
}
