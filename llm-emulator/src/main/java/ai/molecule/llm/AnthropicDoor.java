package ai.molecule.llm;

import ai.molecule.llm.Prompt.Role;
import ai.molecule.llm.Prompt.Turn;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Anthropic's Messages (<https://docs.anthropic.com/en/api/messages>): whole and streamed, with tools, usage,
/// counting of tokens and errors.
final class AnthropicDoor extends Door {

    private static final Pattern REMINDER = Pattern.compile("(?s)<system-reminder>.*?</system-reminder>");

    AnthropicDoor(String key, Script script, Witness witness) {
        super(key, script, witness);
    }

    @Override
    @Nullable
    String shownKey(HttpExchange exchange) {
        var headers = exchange.getRequestHeaders();
        var bearer = headers.getFirst("Authorization");
        return headers.containsKey("x-api-key")
                ? headers.getFirst("x-api-key")
                : bearer == null ? null : bearer.replaceFirst("^Bearer ", "");
    }

    @Override
    RefusedException wrongKey(@Nullable String shown) {
        return new RefusedException(401, null, shown == null ? "x-api-key header is required" : "invalid x-api-key");
    }

    @Override
    void answer(HttpExchange exchange, byte[] bytes) throws IOException, InterruptedException, RefusedException {
        exchange.getResponseHeaders().set("request-id", "req_" + hex());
        if (!exchange.getRequestHeaders().containsKey("anthropic-version")) {
            throw new RefusedException(400, null, "anthropic-version: header is required");
        }
        switch (exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath()) {
            case "POST /v1/messages" -> message(exchange, read(bytes));
            case "POST /v1/messages/count_tokens" ->
                send(
                        exchange,
                        200,
                        Json.object().put("input_tokens", prompt(read(bytes)).tokens()));
            case String other -> throw new RefusedException(404, null, "Not found: " + other);
        }
    }

    private void message(HttpExchange exchange, JsonNode body)
            throws IOException, InterruptedException, RefusedException {
        if (!body.path("max_tokens").canConvertToInt()
                || body.path("max_tokens").asInt() < 1) {
            throw new RefusedException(400, null, "max_tokens: Field required");
        }
        var prompt = prompt(body);
        var said = reply(exchange, prompt);
        if (said == null) {
            return;
        }
        var answer = new Answer(prompt, said);
        if (body.path("stream").asBoolean()) {
            answer.stream(events(exchange));
        } else {
            send(exchange, 200, answer.whole());
        }
    }

    private static Prompt prompt(JsonNode body) throws RefusedException {
        if (!body.path("model").isTextual()) {
            throw new RefusedException(400, null, "model: Field required");
        }
        if (body.path("messages").isEmpty()) {
            throw new RefusedException(400, null, "messages: at least one message is required");
        }
        var turns = new ArrayList<Turn>();
        var system = text(body.path("system"));
        if (!system.isEmpty()) {
            turns.add(new Turn(Role.SYSTEM, system, List.of()));
        }
        List<String> open = List.of();
        for (var message : body.path("messages")) {
            open = read(message, open, turns);
        }
        if (!open.isEmpty()) {
            throw unanswered(open);
        }
        var tools = new ArrayList<String>();
        body.path("tools").forEach(tool -> tools.add(tool.path("name").asText()));
        return new Prompt(body.path("model").asText(), turns, tools);
    }

    /// Reads one message.
    ///
    /// @param open the calls of the message before, which this one must answer
    /// @return its own calls
    private static List<String> read(JsonNode message, List<String> open, List<Turn> turns) throws RefusedException {
        var role = message.path("role").asText();
        var content = message.path("content");
        if (!role.matches("user|assistant|system")) {
            throw new RefusedException(
                    400, null, "messages: Unexpected role \"" + role + "\". Expected \"user\" or \"assistant\".");
        }
        var unanswered = new ArrayList<>(open);
        var calls = new ArrayList<String>();
        var names = new ArrayList<String>();
        for (var block : content.isArray() ? content : Json.array()) {
            switch (block.path("type").asText()) {
                case "tool_use" -> {
                    calls.add(block.path("id").asText());
                    names.add(block.path("name").asText());
                }
                case "tool_result" -> {
                    if (!unanswered.remove(block.path("tool_use_id").asText())) {
                        throw new RefusedException(
                                400,
                                null,
                                "unexpected `tool_use_id` found in `tool_result` blocks: "
                                        + block.path("tool_use_id").asText());
                    }
                    turns.add(new Turn(Role.TOOL, text(block.path("content")), List.of()));
                }
                default -> {}
            }
        }
        if (!unanswered.isEmpty()) {
            throw unanswered(unanswered);
        }
        var words = text(content);
        if (!words.isEmpty() || !names.isEmpty()) {
            turns.add(new Turn(
                    switch (role) {
                        case "user" -> Role.USER;
                        case "system" -> Role.SYSTEM;
                        default -> Role.ASSISTANT;
                    },
                    words,
                    names));
        }
        return calls;
    }

    private static RefusedException unanswered(List<String> calls) {
        return new RefusedException(
                400,
                null,
                "`tool_use` ids were found without `tool_result` blocks immediately after: "
                        + String.join(", ", calls));
    }

    /// The words of a content, which is a text or a list of blocks; without what Claude Code puts beside them.
    private static String text(JsonNode content) {
        return REMINDER.matcher(words(content)).replaceAll("").strip();
    }

    private static String words(JsonNode content) {
        if (content.isTextual()) {
            return content.asText();
        }
        var parts = new ArrayList<String>();
        content.forEach(block -> {
            if (block.path("type").asText().equals("text")) {
                parts.add(block.path("text").asText());
            }
        });
        return String.join("\n", parts);
    }

    /// One answer, in either form.
    private record Answer(Prompt prompt, Reply.Said said, String id) {

        Answer(Prompt prompt, Reply.Said said) {
            this(prompt, said, "msg_" + hex());
        }

        private ObjectNode head() {
            var head = Json.object()
                    .put("id", id)
                    .put("type", "message")
                    .put("role", "assistant")
                    .put("model", prompt.model());
            head.putArray("content");
            return head.putNull("stop_reason").putNull("stop_sequence");
        }

        private ObjectNode usage(int output) {
            return Json.object()
                    .put("input_tokens", prompt.tokens() - cached())
                    .put("cache_creation_input_tokens", 0)
                    .put("cache_read_input_tokens", cached())
                    .put("output_tokens", output);
        }

        /// About a half of it is always known already.
        private int cached() {
            return prompt.tokens() / 2;
        }

        private String stop() {
            return said.calls().isEmpty() ? "end_turn" : "tool_use";
        }

        ObjectNode whole() {
            var whole = head().put("stop_reason", stop());
            var content = whole.putArray("content");
            if (!said.text().isEmpty()) {
                content.addObject().put("type", "text").put("text", said.text());
            }
            for (var call : said.calls()) {
                content.add(use(call, arguments(call)));
            }
            whole.set("usage", usage(tokens(said)));
            return whole;
        }

        private static ObjectNode use(Reply.ToolCall call, JsonNode input) {
            var use = Json.object()
                    .put("type", "tool_use")
                    .put("id", "toolu_" + hex())
                    .put("name", call.name());
            use.set("input", input);
            return use;
        }

        void stream(OutputStream out) throws IOException, InterruptedException {
            var start = head();
            start.set("usage", usage(1));
            event(out, "message_start", (ObjectNode) Json.object().set("message", start));
            var index = 0;
            if (!said.text().isEmpty()) {
                open(out, index, Json.object().put("type", "text").put("text", ""));
                event(out, "ping", Json.object());
                for (var piece : said.pieces()) {
                    Thread.sleep(said.pause());
                    delta(out, index, Json.object().put("type", "text_delta").put("text", piece));
                }
                cut(said);
                close(out, index++);
            }
            for (var call : said.calls()) {
                open(out, index, use(call, Json.object()));
                var half = call.arguments().length() / 2;
                for (var part : List.of(
                        call.arguments().substring(0, half), call.arguments().substring(half))) {
                    delta(
                            out,
                            index,
                            Json.object().put("type", "input_json_delta").put("partial_json", part));
                }
                close(out, index++);
            }
            var end = Json.object();
            end.putObject("delta").put("stop_reason", stop()).putNull("stop_sequence");
            end.putObject("usage").put("output_tokens", tokens(said));
            event(out, "message_delta", end);
            event(out, "message_stop", Json.object());
        }

        private static void open(OutputStream out, int index, ObjectNode block) throws IOException {
            var event = Json.object().put("index", index);
            event.set("content_block", block);
            event(out, "content_block_start", event);
        }

        private static void delta(OutputStream out, int index, ObjectNode delta) throws IOException {
            var event = Json.object().put("index", index);
            event.set("delta", delta);
            event(out, "content_block_delta", event);
        }

        private static void close(OutputStream out, int index) throws IOException {
            event(out, "content_block_stop", Json.object().put("index", index));
        }

        private static void event(OutputStream out, String type, ObjectNode body) throws IOException {
            var typed = Json.object().put("type", type);
            typed.setAll(body);
            Door.event(out, "event: " + type + "\ndata: " + Json.text(typed) + "\n\n");
        }
    }

    @Override
    ObjectNode refusal(Reply.Refused refused) {
        var tooLong = refused.code().equals("context_length_exceeded");
        var answer = Json.object().put("type", "error");
        answer.putObject("error")
                .put("type", type(refused.status()))
                .put("message", tooLong ? "prompt is too long: 9 tokens > 8 maximum" : refused.message());
        return answer.put("request_id", "req_" + hex());
    }

    private static String type(int status) {
        return switch (status) {
            case 401 -> "authentication_error";
            case 403 -> "permission_error";
            case 404 -> "not_found_error";
            case 413 -> "request_too_large";
            case 429 -> "rate_limit_error";
            case 529 -> "overloaded_error";
            default -> status < 500 ? "invalid_request_error" : "api_error";
        };
    }
}
