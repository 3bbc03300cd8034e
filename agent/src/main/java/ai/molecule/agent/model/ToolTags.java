package ai.molecule.agent.model;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.regex.Pattern;

/// Function calling in the text itself, for servers that have none: the tags that Hermes models are trained with
/// (<https://github.com/NousResearch/Hermes-Function-Calling>). Models behind other servers use them too, now and
/// then.
final class ToolTags {

    static final String OPEN = "<tool_call>";
    static final String CLOSE = "</tool_call>";

    private static final Pattern CALL = Pattern.compile(OPEN + "\\s*(.*?)\\s*(?:" + CLOSE + "|$)", Pattern.DOTALL);

    private ToolTags() {}

    /// What a model has to know of its tools.
    static String instructions(List<ToolSpecification> tools) {
        var text = new StringBuilder("""
                You may call functions. They are described in JSON between <tools> and </tools>:
                <tools>
                """);
        tools.forEach(tool -> text.append(tool.toJson()).append('\n'));
        return text.append("""
                </tools>
                For each call write a JSON object with the function's name and arguments between tags, and nothing after it:
                <tool_call>
                {"name": "the function's name", "arguments": {"an argument": "its value"}}
                </tool_call>
                What it answers comes between <tool_response> and </tool_response>.""").toString();
    }

    /// A conversation without function calling, for a server that has none.
    static List<ChatMessage> written(List<ChatMessage> messages) {
        var all = new ArrayList<ChatMessage>();
        for (var message : messages) {
            switch (message) {
                case AiMessage answer
                when answer.hasToolExecutionRequests() -> all.add(AiMessage.from(written(answer)));
                case ToolExecutionResultMessage result ->
                    all.add(UserMessage.from("<tool_response>\n"
                            + Json.text(
                                    Json.object().put("name", result.toolName()).put("content", result.text()))
                            + "\n</tool_response>"));
                default -> all.add(message);
            }
        }
        return all;
    }

    private static String written(AiMessage answer) {
        var text = new StringBuilder(answer.text() == null ? "" : answer.text());
        for (var call : answer.toolExecutionRequests()) {
            var json = Json.object().put("name", call.name());
            json.set("arguments", arguments(call.arguments()));
            text.append(text.isEmpty() ? "" : "\n")
                    .append(OPEN)
                    .append('\n')
                    .append(Json.text(json))
                    .append('\n')
                    .append(CLOSE);
        }
        return text.toString();
    }

    private static JsonNode arguments(String text) {
        try {
            return Json.read(text);
        } catch (Json.MalformedException confused) {
            return Json.object();
        }
    }

    /// An answer with the calls that are in its text; the same answer where there are none.
    static AiMessage read(AiMessage answer) {
        var text = answer.text();
        if (text == null || answer.hasToolExecutionRequests() || !text.contains(OPEN)) {
            return answer;
        }
        var calls = new ArrayList<ToolExecutionRequest>();
        for (var matcher = CALL.matcher(text); matcher.find(); ) {
            calls.add(call(matcher.group(1)));
        }
        var rest = CALL.matcher(text).replaceAll("").strip();
        return rest.isEmpty() ? AiMessage.from(calls) : AiMessage.from(rest, calls);
    }

    /// One that is no JSON is a call all the same: its model reads what is wrong with it.
    private static ToolExecutionRequest call(String body) {
        var request = ToolExecutionRequest.builder().id("call_" + UUID.randomUUID());
        try {
            var json = Json.read(body);
            return request.name(json.path("name").asText("unnamed"))
                    .arguments(Json.text(json.path("arguments").isObject() ? json.path("arguments") : Json.object()))
                    .build();
        } catch (Json.MalformedException confused) {
            return request.name("unnamed").arguments(body).build();
        }
    }
}
