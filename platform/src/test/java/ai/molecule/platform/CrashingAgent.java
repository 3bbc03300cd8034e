package ai.molecule.platform;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// An agent that can be killed at any instant: its connections break, its tasks are gone, and what it was about
/// to do is not done. Like an agent with a disk, it remembers which messages had their effect, and has it once.
final class CrashingAgent implements AutoCloseable {

    private final Object disk = new Object();
    private final Map<String, AtomicInteger> effects = new ConcurrentHashMap<>();
    private final Set<String> met = ConcurrentHashMap.newKeySet();
    private final List<Arrival> arrivals = new ArrayList<>();
    private @Nullable HttpServer server;
    private int life;

    /// The first time a message came.
    record Arrival(String context, int number) {}

    /// Starts it, on a new port.
    synchronized int start() throws IOException {
        var open = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        var own = ++life;
        open.createContext("/", exchange -> serve(exchange, own));
        open.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        open.start();
        server = open;
        return open.getAddress().getPort();
    }

    /// Ends it as `kill -9` does.
    synchronized void kill() {
        synchronized (disk) {
            life++;
        }
        var running = server;
        if (running != null) {
            running.stop(0);
        }
        server = null;
    }

    @Override
    public void close() {
        kill();
    }

    Map<String, AtomicInteger> effects() {
        return effects;
    }

    List<Arrival> arrivals() {
        synchronized (disk) {
            return List.copyOf(arrivals);
        }
    }

    private void serve(HttpExchange exchange, int own) throws IOException {
        try (exchange) {
            var call = Json.read(exchange.getRequestBody().readAllBytes());
            if (call.path("method").asText().equals("SendStreamingMessage")) {
                take(exchange, call, own);
            } else {
                answer(exchange, call, "{\"code\":-32001,\"message\":\"no such task\"}");
            }
        } catch (Json.MalformedException bad) {
            throw new IOException(bad);
        }
    }

    private static void answer(HttpExchange exchange, JsonNode call, String error) throws IOException {
        var body = ("{\"jsonrpc\":\"2.0\",\"id\":" + call.path("id") + ",\"error\":" + error + "}")
                .getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, body.length);
        exchange.getResponseBody().write(body);
    }

    private void take(HttpExchange exchange, JsonNode call, int own) throws IOException {
        var message = call.path("params").path("message");
        var id = message.path("messageId").asText();
        var context = message.path("contextId").asText();
        synchronized (disk) {
            // The dead say nothing: a word of theirs would let the next message overtake this one.
            if (own != life) {
                throw new IOException("killed");
            }
            if (met.add(id)) {
                var text = message.path("parts").path(0).path("text").asText();
                arrivals.add(new Arrival(context, Integer.parseInt(text)));
            }
        }
        var task = UUID.randomUUID().toString();
        exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
        exchange.sendResponseHeaders(200, 0);
        tell(
                exchange,
                call,
                "{\"task\":{\"id\":\"" + task + "\",\"contextId\":\"" + context
                        + "\",\"status\":{\"state\":\"TASK_STATE_WORKING\"}}}");
        LockSupport.parkNanos(
                Duration.ofMillis(ThreadLocalRandom.current().nextInt(8)).toNanos());
        synchronized (disk) {
            if (own != life) {
                throw new IOException("killed");
            }
            effects.computeIfAbsent(id, any -> new AtomicInteger());
            if (effects.get(id).get() == 0) {
                effects.get(id).incrementAndGet();
            }
        }
        tell(
                exchange,
                call,
                "{\"artifactUpdate\":{\"taskId\":\"" + task + "\",\"contextId\":\"" + context
                        + "\",\"artifact\":{\"artifactId\":\"a\",\"parts\":[{\"text\":\"done\"}]}}}");
        tell(
                exchange,
                call,
                "{\"statusUpdate\":{\"taskId\":\"" + task + "\",\"contextId\":\"" + context
                        + "\",\"status\":{\"state\":\"TASK_STATE_COMPLETED\"}}}");
    }

    private static void tell(HttpExchange exchange, JsonNode call, String event) throws IOException {
        var data = "data: {\"jsonrpc\":\"2.0\",\"id\":" + call.path("id") + ",\"result\":" + event + "}\n\n";
        exchange.getResponseBody().write(data.getBytes(StandardCharsets.UTF_8));
        exchange.getResponseBody().flush();
    }
}
