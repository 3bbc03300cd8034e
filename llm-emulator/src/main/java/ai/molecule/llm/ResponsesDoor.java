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
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// OpenAI's Responses (<https://platform.openai.com/docs/api-reference/responses>): whole and streamed, with function
/// calling, tools in namespaces, usage and errors. Nothing is stored: a conversation comes whole each time.
final class ResponsesDoor extends OpenAiKeyed {

    /// Between a namespace and the name of a tool in it, as scripts say it.
    private static final String BETWEEN = "__";

    /// What Codex puts before the words of a person.
    private static final Pattern CONTEXT =
            Pattern.compile("\\s*<(environment_context|user_instructions)>.*?</\\1>\\s*", Pattern.DOTALL);

    ResponsesDoor(String key, Script script, Witness witness) {
        super(key, script, witness);
    }

    @Override
    void answer(HttpExchange exchange, byte[] bytes) throws IOException, InterruptedException, RefusedException {
        exchange.getResponseHeaders().set("x-request-id", "req_" + hex());
        if (!exchange.getRequestMethod().equals("POST")
                || !exchange.getRequestURI().getPath().equals("/v1/responses")) {
            throw new RefusedException(
                    404,
                    null,
                    "Unknown request URL: " + exchange.getRequestURI().getPath());
        }
        var body = read(bytes);
        var tools = tools(body);
        var prompt = prompt(body, tools);
        var said = reply(exchange, prompt);
        if (said == null) {
            return;
        }
        var response = new Response(prompt, said, tools, Instant.now().getEpochSecond());
        if (body.path("stream").asBoolean()) {
            response.stream(events(exchange));
        } else {
            send(exchange, 200, response.object("completed"));
        }
    }

    /// A tool by the name that scripts know.
    ///
    /// @param namespace empty for none
    private record Offered(String namespace, String name) {}

    private static Map<String, Offered> tools(JsonNode body) {
        var tools = new LinkedHashMap<String, Offered>();
        for (var tool : body.path("tools")) {
            var name = tool.path("name").asText();
            switch (tool.path("type").asText()) {
                case "function", "custom" -> tools.put(name, new Offered("", name));
                case "namespace" -> {
                    for (var one : tool.path("tools")) {
                        var inner = one.path("name").asText();
                        tools.put(name + BETWEEN + inner, new Offered(name, inner));
                    }
                }
                default -> {}
            }
        }
        return tools;
    }

    private static Prompt prompt(JsonNode body, Map<String, Offered> tools) throws RefusedException {
        if (!body.path("model").isTextual()) {
            throw new RefusedException(400, "missing_required_parameter", "Missing required parameter: 'model'.");
        }
        var turns = new ArrayList<Turn>();
        if (body.path("instructions").isTextual()) {
            turns.add(new Turn(Role.SYSTEM, body.path("instructions").asText(), List.of()));
        }
        if (body.path("input").isTextual()) {
            turns.add(new Turn(Role.USER, body.path("input").asText(), List.of()));
        }
        var open = new LinkedHashSet<String>();
        for (var item : body.path("input")) {
            switch (item.path("type").asText("message")) {
                case "message" -> {
                    var text = text(item.path("content"));
                    if (!text.isEmpty()) {
                        turns.add(new Turn(role(item.path("role").asText()), text, List.of()));
                    }
                }
                case "function_call" -> {
                    open.add(item.path("call_id").asText());
                    turns.add(new Turn(
                            Role.ASSISTANT,
                            "",
                            List.of((item.path("namespace").asText().isEmpty()
                                            ? ""
                                            : item.path("namespace").asText() + BETWEEN)
                                    + item.path("name").asText())));
                }
                case "function_call_output" -> {
                    if (!open.remove(item.path("call_id").asText())) {
                        throw new RefusedException(
                                400,
                                null,
                                "No tool call found for function call output with call_id "
                                        + item.path("call_id").asText() + ".");
                    }
                    turns.add(new Turn(Role.TOOL, text(item.path("output")), List.of()));
                }
                default -> {}
            }
        }
        if (!open.isEmpty()) {
            throw new RefusedException(400, null, "No tool output found for function call " + open.getFirst() + ".");
        }
        if (turns.isEmpty()) {
            throw new RefusedException(400, "missing_required_parameter", "Missing required parameter: 'input'.");
        }
        return new Prompt(body.path("model").asText(), turns, List.copyOf(tools.keySet()));
    }

    private static Role role(String word) throws RefusedException {
        return switch (word) {
            case "system", "developer" -> Role.SYSTEM;
            case "user" -> Role.USER;
            case "assistant" -> Role.ASSISTANT;
            default ->
                throw new RefusedException(400, "invalid_value", "Invalid value: '" + word + "' for 'input[0].role'.");
        };
    }

    private static String text(JsonNode content) {
        if (content.isTextual()) {
            return content.asText();
        }
        var parts = new ArrayList<String>();
        content.forEach(part -> {
            if (part.path("text").isTextual()) {
                parts.add(part.path("text").asText());
            }
        });
        return CONTEXT.matcher(String.join("\n", parts)).replaceAll("").strip();
    }

    /// One answer, in either form.
    private record Response(Prompt prompt, Reply.Said said, Map<String, Offered> tools, long created, String id) {

        Response(Prompt prompt, Reply.Said said, Map<String, Offered> tools, long created) {
            this(prompt, said, tools, created, "resp_" + hex());
        }

        ObjectNode object(String status) {
            var object = Json.object()
                    .put("id", id)
                    .put("object", "response")
                    .put("created_at", created)
                    .put("status", status)
                    .put("model", prompt.model());
            object.putNull("error");
            object.putNull("incomplete_details");
            var output = object.putArray("output");
            if (status.equals("completed")) {
                if (!said.pieces().isEmpty()) {
                    output.add(message("msg_" + hex(), said.text(), status));
                }
                said.calls().forEach(call -> output.add(call(call)));
                var written = tokens(said);
                var usage = object.putObject("usage").put("input_tokens", prompt.tokens());
                usage.putObject("input_tokens_details").put("cached_tokens", 0);
                usage.put("output_tokens", written)
                        .putObject("output_tokens_details")
                        .put("reasoning_tokens", 0);
                usage.put("total_tokens", prompt.tokens() + written);
            } else {
                object.putNull("usage");
            }
            return object;
        }

        private static ObjectNode message(String id, String text, String status) {
            var message = Json.object()
                    .put("type", "message")
                    .put("id", id)
                    .put("status", status)
                    .put("role", "assistant");
            var content = message.putArray("content");
            if (!text.isEmpty()) {
                content.addObject().put("type", "output_text").put("text", text).putArray("annotations");
            }
            return message;
        }

        private ObjectNode call(Reply.ToolCall call) {
            var offered = tools.getOrDefault(call.name(), new Offered("", call.name()));
            var item = Json.object()
                    .put("type", "function_call")
                    .put("id", "fc_" + hex())
                    .put("call_id", "call_" + hex())
                    .put("status", "completed")
                    .put("name", offered.name())
                    .put("arguments", call.arguments());
            return offered.namespace().isEmpty() ? item : item.put("namespace", offered.namespace());
        }

        void stream(OutputStream out) throws IOException, InterruptedException {
            var events = new Events(out);
            events.tell("response.created", Json.object().set("response", object("in_progress")));
            var index = 0;
            if (!said.pieces().isEmpty()) {
                var message = "msg_" + hex();
                events.tell("response.output_item.added", item(index, message(message, "", "in_progress")));
                for (var piece : said.pieces()) {
                    Thread.sleep(said.pause());
                    events.tell(
                            "response.output_text.delta",
                            Json.object()
                                    .put("item_id", message)
                                    .put("output_index", index)
                                    .put("content_index", 0)
                                    .put("delta", piece));
                }
                cut(said);
                events.tell("response.output_item.done", item(index++, message(message, said.text(), "completed")));
            }
            for (var call : said.calls()) {
                var item = call(call);
                events.tell("response.output_item.added", item(index, item));
                events.tell("response.output_item.done", item(index++, item));
            }
            events.tell("response.completed", Json.object().set("response", object("completed")));
        }

        private static ObjectNode item(int index, ObjectNode item) {
            return Json.object().put("output_index", index).set("item", item);
        }
    }

    /// Events, each with its number.
    private static final class Events {

        private final OutputStream out;
        private int number;

        Events(OutputStream out) {
            this.out = out;
        }

        void tell(String type, ObjectNode more) throws IOException {
            var event = Json.object().put("type", type).put("sequence_number", number++);
            event.setAll(more);
            event(out, "event: " + type + "\ndata: " + Json.text(event) + "\n\n");
        }
    }
}
