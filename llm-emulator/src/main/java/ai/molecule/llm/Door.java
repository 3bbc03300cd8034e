package ai.molecule.llm;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One provider's protocol: reads what is asked, lets the script answer, writes it in the provider's words.
abstract class Door {

    private static final int BODY_BYTES_MAX = 32 * 1024 * 1024;

    private final String key;
    private final Script script;
    private final Witness witness;

    /// @param key what callers must show; empty for anything
    /// @param witness is told of everything that is asked
    Door(String key, Script script, Witness witness) {
        this.key = key;
        this.script = script;
        this.witness = witness;
    }

    /// Who remembers what was asked.
    interface Witness {
        /// The body of a request, as it came.
        void heard(byte[] body);

        /// What it asks.
        void asked(Prompt prompt);
    }

    /// A request that the provider would not take.
    static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1L;
        private final transient Reply.Refused reply;

        RefusedException(int status, @Nullable String code, String message) {
            super(message);
            this.reply = new Reply.Refused(
                    status, "invalid_request_error", code == null ? "" : code, message, Duration.ZERO);
        }
    }

    final void serve(HttpExchange exchange) throws IOException {
        // Whoever is refused before it has said everything would not hear why.
        var body = exchange.getRequestBody().readNBytes(BODY_BYTES_MAX + 1);
        try {
            checkKey(exchange);
            witness.heard(body);
            answer(exchange, body);
        } catch (RefusedException refused) {
            refuse(exchange, refused.reply);
        } catch (TrailedOffException onPurpose) {
            exchange.getResponseBody().flush();
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
        }
        exchange.close();
    }

    private void checkKey(HttpExchange exchange) throws RefusedException {
        var shown = shownKey(exchange);
        if (!key.isEmpty() && !key.equals(shown)) {
            throw wrongKey(shown);
        }
    }

    /// The key that a caller shows; null for none.
    abstract @Nullable String shownKey(HttpExchange exchange);

    abstract RefusedException wrongKey(@Nullable String shown);

    abstract void answer(HttpExchange exchange, byte[] body) throws IOException, InterruptedException, RefusedException;

    /// Writes a refusal in the provider's words.
    abstract ObjectNode refusal(Reply.Refused refused);

    /// What the script answers; empty where it refused, which is written already.
    final Reply.@Nullable Said reply(HttpExchange exchange, Prompt prompt) throws IOException {
        witness.asked(prompt);
        return switch (script.answer(prompt)) {
            case Reply.Refused refused -> {
                refuse(exchange, refused);
                yield null;
            }
            case Reply.Said said -> said;
        };
    }

    private void refuse(HttpExchange exchange, Reply.Refused refused) throws IOException {
        if (refused.again().isPositive()) {
            exchange.getResponseHeaders()
                    .set("retry-after", String.valueOf(refused.again().toSeconds()));
        }
        send(exchange, refused.status(), refusal(refused));
    }

    static JsonNode read(byte[] body) throws RefusedException {
        try {
            return Json.read(body);
        } catch (Json.MalformedException bad) {
            throw new RefusedException(400, null, "We could not parse the JSON body of your request.");
        }
    }

    static void send(HttpExchange exchange, int status, JsonNode body) throws IOException {
        var bytes = Json.bytes(body);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    /// Begins a stream of events.
    static OutputStream events(HttpExchange exchange) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "text/event-stream; charset=utf-8");
        exchange.sendResponseHeaders(200, 0);
        return exchange.getResponseBody();
    }

    static void event(OutputStream out, String event) throws IOException {
        out.write(event.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    /// Whoever throws in the middle of an answer ends the connection, and not the answer.
    static void cut(Reply.Said said) throws IOException {
        switch (said.end()) {
            case WHOLE -> {}
            case BREAKS -> throw new IOException("cut on purpose");
            case TRAILS_OFF -> throw new TrailedOffException();
        }
    }

    private static final class TrailedOffException extends IOException {
        private static final long serialVersionUID = 1L;
    }

    /// About how many tokens an answer is.
    static int tokens(Reply.Said said) {
        return Reply.tokens(said.text())
                + said.calls().stream()
                        .mapToInt(call -> Reply.tokens(call.arguments()))
                        .sum();
    }

    /// Arguments as an object, where a protocol has no other form; what a confused model said is lost in it.
    static JsonNode arguments(Reply.ToolCall call) {
        try {
            var read = Json.read(call.arguments());
            return read.isObject() ? read : Json.object();
        } catch (Json.MalformedException confused) {
            return Json.object();
        }
    }

    static String hex() {
        return UUID.randomUUID().toString().replace("-", "");
    }
}
