package ai.molecule.llm;

import ai.molecule.llm.Prompt.Role;
import ai.molecule.llm.Prompt.Turn;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// OpenAI's chat completions (<https://platform.openai.com/docs/api-reference/chat>): whole and streamed, with
/// function calling, usage and errors.
final class OpenAiDoor {

    private static final int BODY_BYTES_MAX = 32 * 1024 * 1024;

    private final String key;
    private final Script script;
    private final Consumer<Prompt> witness;

    OpenAiDoor(String key, Script script, Consumer<Prompt> witness) {
        this.key = key;
        this.script = script;
        this.witness = witness;
    }

    /// A request that the provider would not take.
    private static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1L;
        private final transient Reply.Refused reply;

        RefusedException(int status, @Nullable String code, String message) {
            super(message);
            this.reply = new Reply.Refused(
                    status, "invalid_request_error", code == null ? "" : code, message, Duration.ZERO);
        }
    }

    void serve(HttpExchange exchange) throws IOException {
        exchange.getResponseHeaders().set("x-request-id", "req_" + hex());
        // Whoever is refused before it has said everything would not hear why.
        var body = exchange.getRequestBody().readNBytes(BODY_BYTES_MAX + 1);
        serve(exchange, body);
        exchange.close();
    }

    private void serve(HttpExchange exchange, byte[] body) throws IOException {
        try {
            checkKey(exchange);
            switch (exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath()) {
                case "GET /v1/models" -> send(exchange, 200, models());
                case "POST /v1/chat/completions" -> complete(exchange, read(body));
                case String other -> throw new RefusedException(404, null, "Unknown request URL: " + other);
            }
        } catch (RefusedException refused) {
            refuse(exchange, refused.reply);
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
        }
    }

    private void checkKey(HttpExchange exchange) throws RefusedException {
        var shown = exchange.getRequestHeaders().getFirst("Authorization");
        if (!key.isEmpty() && !("Bearer " + key).equals(shown)) {
            throw new RefusedException(
                    401,
                    shown == null ? null : "invalid_api_key",
                    shown == null ? "You didn't provide an API key." : "Incorrect API key provided.");
        }
    }

    private static ObjectNode models() {
        var answer = Json.object().put("object", "list");
        answer.putArray("data")
                .addObject()
                .put("id", "scripted")
                .put("object", "model")
                .put("created", 0)
                .put("owned_by", "emulator");
        return answer;
    }

    private void complete(HttpExchange exchange, JsonNode body)
            throws IOException, InterruptedException, RefusedException {
        var prompt = prompt(body);
        witness.accept(prompt);
        switch (script.answer(prompt)) {
            case Reply.Refused refused -> refuse(exchange, refused);
            case Reply.Said said -> {
                var completion = new Completion(prompt, said, Instant.now().getEpochSecond());
                if (body.path("stream").asBoolean()) {
                    completion.stream(
                            exchange,
                            body.path("stream_options").path("include_usage").asBoolean());
                } else {
                    send(exchange, 200, completion.whole());
                }
            }
        }
    }

    private static JsonNode read(byte[] body) throws RefusedException {
        try {
            return Json.read(body);
        } catch (Json.MalformedException bad) {
            throw new RefusedException(400, null, "We could not parse the JSON body of your request.");
        }
    }

    private static Prompt prompt(JsonNode body) throws RefusedException {
        if (!body.path("model").isTextual()) {
            throw new RefusedException(400, null, "you must provide a model parameter");
        }
        if (body.path("messages").isEmpty()) {
            throw new RefusedException(400, null, "[] is too short - 'messages'");
        }
        var turns = new ArrayList<Turn>();
        Set<String> open = new HashSet<>();
        for (var message : body.path("messages")) {
            var role = role(message.path("role").asText());
            if (role == Role.TOOL && !open.remove(message.path("tool_call_id").asText())) {
                throw new RefusedException(
                        400,
                        null,
                        "messages with role 'tool' must be a response to a preceding message with 'tool_calls'.");
            }
            if (role != Role.TOOL && !open.isEmpty()) {
                throw new RefusedException(
                        400,
                        null,
                        "An assistant message with 'tool_calls' must be followed by tool messages responding to each"
                                + " 'tool_call_id'.");
            }
            var calls = new ArrayList<String>();
            for (var call : message.path("tool_calls")) {
                open.add(call.path("id").asText());
                calls.add(call.path("function").path("name").asText());
            }
            turns.add(new Turn(role, text(message.path("content")), calls));
        }
        var tools = new ArrayList<String>();
        body.path("tools")
                .forEach(tool -> tools.add(tool.path("function").path("name").asText()));
        return new Prompt(body.path("model").asText(), turns, tools);
    }

    private static Role role(String word) throws RefusedException {
        return switch (word) {
            case "system", "developer" -> Role.SYSTEM;
            case "user" -> Role.USER;
            case "assistant" -> Role.ASSISTANT;
            case "tool" -> Role.TOOL;
            default -> throw new RefusedException(400, null, "Invalid value: '" + word + "' for 'messages.role'.");
        };
    }

    private static String text(JsonNode content) {
        if (content.isTextual()) {
            return content.asText();
        }
        var parts = new ArrayList<String>();
        content.forEach(part -> parts.add(part.path("text").asText()));
        return String.join("\n", parts);
    }

    /// One answer, in either form.
    private record Completion(Prompt prompt, Reply.Said said, long created, String id) {

        Completion(Prompt prompt, Reply.Said said, long created) {
            this(prompt, said, created, "chatcmpl-" + hex());
        }

        private ObjectNode head(String kind) {
            return Json.object()
                    .put("id", id)
                    .put("object", kind)
                    .put("created", created)
                    .put("model", prompt.model());
        }

        private String finish() {
            return said.calls().isEmpty() ? "stop" : "tool_calls";
        }

        private ObjectNode usage() {
            var out = Reply.tokens(said.text())
                    + said.calls().stream()
                            .mapToInt(call -> Reply.tokens(call.arguments()))
                            .sum();
            return Json.object()
                    .put("prompt_tokens", prompt.tokens())
                    .put("completion_tokens", out)
                    .put("total_tokens", prompt.tokens() + out);
        }

        ObjectNode whole() {
            var whole = head("chat.completion");
            var choice = whole.putArray("choices").addObject().put("index", 0);
            var message = choice.putObject("message").put("role", "assistant");
            message.put("content", said.pieces().isEmpty() ? null : said.text());
            message.putNull("refusal");
            if (!said.calls().isEmpty()) {
                var calls = message.putArray("tool_calls");
                for (var call : said.calls()) {
                    calls.addObject()
                            .put("id", "call_" + hex())
                            .put("type", "function")
                            .putObject("function")
                            .put("name", call.name())
                            .put("arguments", call.arguments());
                }
            }
            choice.putNull("logprobs");
            choice.put("finish_reason", finish());
            whole.set("usage", usage());
            return whole;
        }

        void stream(HttpExchange exchange, boolean withUsage) throws IOException, InterruptedException {
            exchange.getResponseHeaders().set("Content-Type", "text/event-stream; charset=utf-8");
            exchange.sendResponseHeaders(200, 0);
            var out = exchange.getResponseBody();
            var first = Json.object().put("role", "assistant");
            first.put("content", said.calls().isEmpty() ? "" : null);
            event(out, delta(first, null));
            for (var piece : said.pieces()) {
                Thread.sleep(said.pause());
                event(out, delta(Json.object().put("content", piece), null));
            }
            if (said.cut()) {
                // Whoever throws in the middle of an answer ends the connection, and not the answer.
                throw new IOException("cut on purpose");
            }
            for (int i = 0; i < said.calls().size(); i++) {
                for (var piece : call(i)) {
                    event(out, delta(piece, null));
                }
            }
            event(out, delta(Json.object(), finish()));
            if (withUsage) {
                var last = head("chat.completion.chunk");
                last.putArray("choices");
                last.set("usage", usage());
                event(out, last);
            }
            out.write("data: [DONE]\n\n".getBytes(StandardCharsets.UTF_8));
        }

        /// A call comes in pieces: its name first, then its arguments.
        private List<ObjectNode> call(int index) {
            var call = said.calls().get(index);
            var named = Json.object();
            named.putArray("tool_calls")
                    .addObject()
                    .put("index", index)
                    .put("id", "call_" + hex())
                    .put("type", "function")
                    .putObject("function")
                    .put("name", call.name())
                    .put("arguments", "");
            var pieces = new ArrayList<>(List.of(named));
            var half = call.arguments().length() / 2;
            for (var part : List.of(
                    call.arguments().substring(0, half), call.arguments().substring(half))) {
                var piece = Json.object();
                piece.putArray("tool_calls")
                        .addObject()
                        .put("index", index)
                        .putObject("function")
                        .put("arguments", part);
                pieces.add(piece);
            }
            return pieces;
        }

        private ObjectNode delta(ObjectNode delta, @Nullable String finish) {
            var chunk = head("chat.completion.chunk");
            var choice = chunk.putArray("choices").addObject().put("index", 0);
            choice.set("delta", delta);
            choice.putNull("logprobs");
            choice.put("finish_reason", finish);
            return chunk;
        }

        private static void event(OutputStream out, ObjectNode chunk) throws IOException {
            out.write(("data: " + Json.text(chunk) + "\n\n").getBytes(StandardCharsets.UTF_8));
            out.flush();
        }
    }

    private static void refuse(HttpExchange exchange, Reply.Refused refused) throws IOException {
        if (refused.again().isPositive()) {
            exchange.getResponseHeaders()
                    .set("retry-after", String.valueOf(refused.again().toSeconds()));
        }
        var answer = Json.object();
        var error = answer.putObject("error").put("message", refused.message()).put("type", refused.type());
        error.putNull("param");
        error.put("code", refused.code().isEmpty() ? null : refused.code());
        send(exchange, refused.status(), answer);
    }

    private static void send(HttpExchange exchange, int status, ObjectNode body) throws IOException {
        var bytes = Json.bytes(body);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private static String hex() {
        return UUID.randomUUID().toString().replace("-", "");
    }
}
