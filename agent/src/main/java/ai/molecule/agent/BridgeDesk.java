package ai.molecule.agent;

import ai.molecule.agent.uplink.Desk;
import ai.molecule.protocol.AgentCard;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.SseParser;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;

/// Passes what comes over an uplink on to an A2A server nearby, and its answers back, event by event. The server need
/// not know of any platform.
final class BridgeDesk implements Desk, Load {

    private static final Duration CONNECT_PATIENCE = Duration.ofSeconds(5);
    private static final Duration ANSWER_PATIENCE = Duration.ofMinutes(30);
    private static final Duration CARD_PATIENCE = Duration.ofSeconds(5);
    private static final int ANSWER_BYTES_MAX = 16 * 1024 * 1024;
    private static final int PIECE = 16 * 1024;
    private static final List<String> CARD_PATHS = List.of(AgentCard.PATH, ".well-known/agent.json");

    /// What the platform says for itself is not for the server.
    private static final Set<String> PASSED = Set.of("a2a-version", "traceparent", "tracestate", "x-workspace-id");

    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_PATIENCE)
            .build();
    private final URI server;
    private final AtomicInteger active = new AtomicInteger();
    private volatile URI endpoint;
    private volatile Runnable busyChanged = () -> {};

    /// @param server its base, with a slash at its end
    BridgeDesk(URI server) {
        this.server = server;
        this.endpoint = server;
    }

    /// The server's card. Calls go to where it says, at the address at which it was found.
    ///
    /// @throws IOException when it shows none
    JsonNode card() throws IOException, InterruptedException {
        var why = new IOException("no agent card at " + server);
        for (var path : CARD_PATHS) {
            try {
                var response = client.send(
                        HttpRequest.newBuilder(server.resolve(path))
                                .timeout(CARD_PATIENCE)
                                .build(),
                        HttpResponse.BodyHandlers.ofByteArray());
                if (response.statusCode() == 200) {
                    var card = Json.read(response.body());
                    endpoint = endpoint(card);
                    return card;
                }
                why.addSuppressed(new IOException(path + " answers with status " + response.statusCode()));
            } catch (IOException unreachable) {
                why = new IOException("the server at " + server + " cannot be reached: " + unreachable, unreachable);
            } catch (Json.MalformedException notJson) {
                why = new IOException("the card at " + server + path + " is not JSON", notJson);
            }
        }
        throw why;
    }

    /// Where JSON-RPC goes: the path that the card names. Its host may be one that only others see.
    private URI endpoint(JsonNode card) {
        var named = card.path("url").asText("");
        for (var one : card.path("supportedInterfaces")) {
            if (one.path("protocolBinding").asText().equals("JSONRPC")) {
                named = one.path("url").asText(named);
                break;
            }
        }
        try {
            var path = URI.create(named).getRawPath();
            return path == null || path.isEmpty() ? server : server.resolve(path);
        } catch (IllegalArgumentException noUrl) {
            return server;
        }
    }

    @Override
    public int active() {
        return active.get();
    }

    @Override
    public String current() {
        return "";
    }

    @Override
    public void onBusyChanged(Runnable listener) {
        busyChanged = listener;
    }

    @Override
    public void serve(Map<String, String> headers, JsonNode body, Reply reply) throws InterruptedException {
        active.incrementAndGet();
        busyChanged.run();
        try {
            pass(headers, body, reply);
        } finally {
            active.decrementAndGet();
            busyChanged.run();
        }
    }

    private void pass(Map<String, String> headers, JsonNode body, Reply reply) throws InterruptedException {
        var request = HttpRequest.newBuilder(endpoint)
                .timeout(ANSWER_PATIENCE)
                .header("Content-Type", "application/json")
                .header("Accept", "text/event-stream, application/json")
                .POST(HttpRequest.BodyPublishers.ofByteArray(Json.bytes(body)));
        headers.forEach((name, value) -> {
            if (PASSED.contains(name.toLowerCase(Locale.ROOT))) {
                request.setHeader(name, value);
            }
        });
        var begun = false;
        try {
            var response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
            try (var in = response.body()) {
                if (response.headers().firstValue("content-type").orElse("").startsWith("text/event-stream")) {
                    reply.begin();
                    begun = true;
                    stream(in, reply);
                    reply.end();
                } else {
                    reply.whole(response.statusCode(), Json.read(in.readNBytes(ANSWER_BYTES_MAX)));
                }
            }
        } catch (IOException broken) {
            reply.failed(begun ? 504 : 502, "the server behind the bridge: " + broken);
        } catch (Json.MalformedException notJson) {
            reply.failed(500, "the server behind the bridge answered what is not JSON");
        }
    }

    /// Passes events on as they come.
    private static void stream(InputStream in, Reply reply)
            throws IOException, InterruptedException, Json.MalformedException {
        var events = new ArrayDeque<String>();
        var parser = new SseParser(events::add);
        var piece = new byte[PIECE];
        try {
            for (var read = in.read(piece); read >= 0; read = in.read(piece)) {
                parser.feed(ByteBuffer.wrap(piece, 0, read));
                for (var event = events.poll(); event != null; event = events.poll()) {
                    reply.event(Json.read(event));
                }
            }
        } catch (SseParser.TooLargeException endless) {
            throw new IOException("it sent an event without an end", endless);
        }
    }
}
