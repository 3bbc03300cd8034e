package ai.molecule.agent;

import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.AgentCard;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.JsonRpc;
import ai.molecule.protocol.Problem;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Executors;

/// The agent's door: A2A at `/`, its card, and its health. Only who shows the platform's secret gets in.
final class AgentServer implements AutoCloseable {

    private static final int BODY_BYTES_MAX = 4 * 1024 * 1024;
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(15);
    private static final String JSON = "application/json";

    private final HttpServer server;
    private final A2aEndpoint endpoint;
    private final InboundSecret secret;
    private final byte[] card;

    private AgentServer(HttpServer server, A2aEndpoint endpoint, InboundSecret secret, byte[] card) {
        this.server = server;
        this.endpoint = endpoint;
        this.secret = secret;
        this.card = card;
    }

    /// Listens.
    ///
    /// @param port 0 for any free one
    static AgentServer open(String host, int port, A2aEndpoint endpoint, InboundSecret secret, byte[] card)
            throws IOException {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        System.setProperty("sun.net.httpserver.idleInterval", "120");
        System.setProperty("sun.net.httpserver.maxReqTime", "60");
        var server = HttpServer.create(new InetSocketAddress(host, port), 0);
        var agent = new AgentServer(server, endpoint, secret, card);
        server.createContext("/", agent::serve);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
        return agent;
    }

    int port() {
        return server.getAddress().getPort();
    }

    @Override
    public void close() {
        server.stop(0);
    }

    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            var path = exchange.getRequestURI().getPath();
            if (path.equals("/health")) {
                send(exchange, 200, Json.bytes(Json.object().put("status", "ok")));
            } else if (!secret.admits(exchange.getRequestHeaders().getFirst("Authorization"))) {
                send(
                        exchange,
                        401,
                        Json.bytes(new Problem("Expected the platform's secret", "unauthenticated").toJson()));
            } else if (path.equals("/" + AgentCard.PATH) || path.equals("/.well-known/agent.json")) {
                send(exchange, 200, card);
            } else if (exchange.getRequestMethod().equals("POST")) {
                call(exchange);
            } else {
                send(exchange, 404, Json.bytes(new Problem("Expected a POST of JSON-RPC", "not_found").toJson()));
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    private void call(HttpExchange exchange) throws IOException, InterruptedException {
        var body = exchange.getRequestBody().readNBytes(BODY_BYTES_MAX + 1);
        if (body.length > BODY_BYTES_MAX) {
            send(
                    exchange,
                    413,
                    Json.bytes(new Problem("Expected at most " + BODY_BYTES_MAX + " bytes", "payload_too_large")
                            .toJson()));
            return;
        }
        switch (endpoint.answer(body, caller(exchange))) {
            case A2aEndpoint.Outcome.Whole(var answer) -> send(exchange, 200, Json.bytes(answer));
            case A2aEndpoint.Outcome.Events events -> stream(exchange, events);
        }
    }

    private static A2aEndpoint.Caller caller(HttpExchange exchange) {
        return new A2aEndpoint.Caller(
                exchange.getRequestHeaders().getFirst(A2aVersion.HEADER),
                header(exchange, "X-Workspace-ID"),
                header(exchange, "traceparent"));
    }

    private static String header(HttpExchange exchange, String name) {
        var value = exchange.getRequestHeaders().getFirst(name);
        return value == null ? "" : value;
    }

    /// Writes events as they come, until the last, or until nobody listens any more; the task goes on either
    /// way.
    private static void stream(HttpExchange exchange, A2aEndpoint.Outcome.Events events)
            throws IOException, InterruptedException {
        exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        exchange.sendResponseHeaders(200, 0);
        try (var follower = events.follower();
                var out = exchange.getResponseBody()) {
            while (!follower.ended()) {
                var event = follower.next(KEEP_ALIVE);
                if (event == null) {
                    write(out, ": keep-alive\n\n");
                } else {
                    var answer = JsonRpc.result(events.id(), event.toJson(events.version()));
                    write(out, "data: " + Json.text(answer) + "\n\n");
                    if (event.last()) {
                        return;
                    }
                }
            }
        }
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", JSON);
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }
}
