package ai.molecule.llm;

import ai.molecule.llm.Prompt.Role;
import ai.molecule.llm.Prompt.Turn;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// OpenAI's chat completions (<https://platform.openai.com/docs/api-reference/chat>): whole and streamed, with
/// function calling, usage and errors.
final class OpenAiDoor extends OpenAiKeyed {

    OpenAiDoor(String key, Script script, Witness witness) {
        super(key, script, witness);
    }

    @Override
    void answer(HttpExchange exchange, byte[] body) throws IOException, InterruptedException, RefusedException {
        exchange.getResponseHeaders().set("x-request-id", "req_" + hex());
        switch (exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath()) {
            case "GET /v1/models" -> send(exchange, 200, models());
            case "POST /v1/chat/completions" -> complete(exchange, read(body));
            case String other -> throw new RefusedException(404, null, "Unknown request URL: " + other);
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
        var said = reply(exchange, prompt);
        if (said == null) {
            return;
        }
        var completion = new Completion(prompt, said, Instant.now().getEpochSecond());
        if (body.path("stream").asBoolean()) {
            completion.stream(
                    exchange, body.path("stream_options").path("include_usage").asBoolean());
        } else {
            send(exchange, 200, completion.whole());
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
            var out = tokens(said);
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
            var out = events(exchange);
            var first = Json.object().put("role", "assistant");
            first.put("content", said.calls().isEmpty() ? "" : null);
            event(out, delta(first, null));
            for (var piece : said.pieces()) {
                Thread.sleep(said.pause());
                event(out, delta(Json.object().put("content", piece), null));
            }
            cut(said);
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
            Door.event(out, "data: [DONE]\n\n");
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
            Door.event(out, "data: " + Json.text(chunk) + "\n\n");
        }
    }
}
