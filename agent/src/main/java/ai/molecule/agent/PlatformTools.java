package ai.molecule.agent;

import ai.molecule.agent.hermes.Tools;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// What the platform lets its agent do, over its MCP server (Model Context Protocol 2025-11-25, tools).
final class PlatformTools implements Tools {

    private final PlatformLine line;
    private volatile List<ToolSpecification> last = List.of();

    PlatformTools(PlatformLine line) {
        this.line = line;
    }

    /// Those that it has now; the last ones known while the platform cannot be asked.
    @Override
    public List<ToolSpecification> all() throws IOException, InterruptedException {
        try {
            last = listed();
        } catch (IOException unreachable) {
            if (last.isEmpty()) {
                throw unreachable;
            }
        }
        return last;
    }

    private List<ToolSpecification> listed() throws IOException, InterruptedException {
        var answer = ask("tools/list", Json.object(), "");
        if (answer.has("error")) {
            throw new IOException("the platform does not list its tools: "
                    + answer.path("error").path("message").asText());
        }
        var all = new ArrayList<ToolSpecification>();
        for (var tool : answer.path("result").path("tools")) {
            var specification = Json.object();
            specification.set("name", tool.path("name"));
            specification.set("description", tool.path("description"));
            specification.set("parameters", tool.path("inputSchema"));
            all.add(ToolSpecification.fromJson(Json.text(specification)));
        }
        return List.copyOf(all);
    }

    @Override
    public String call(ToolExecutionRequest request, String course) throws IOException, InterruptedException {
        var params = Json.object().put("name", request.name());
        try {
            var text = request.arguments() == null || request.arguments().isBlank() ? "{}" : request.arguments();
            var arguments = Json.read(text);
            if (!arguments.isObject()) {
                return "The arguments must be a JSON object";
            }
            params.set("arguments", arguments);
        } catch (Json.MalformedException bad) {
            return "The arguments are no JSON: " + bad.getMessage();
        }
        var answer = ask("tools/call", params, course);
        if (answer.has("error")) {
            return "The call was refused: "
                    + answer.path("error").path("message").asText();
        }
        var texts = new ArrayList<String>();
        answer.path("result")
                .path("content")
                .forEach(part -> texts.add(part.path("text").asText()));
        return String.join("\n", texts);
    }

    private JsonNode ask(String method, ObjectNode params, String course) throws IOException, InterruptedException {
        var call =
                Json.object().put("jsonrpc", "2.0").put("id", UUID.randomUUID().toString());
        call.put("method", method).set("params", params);
        return line.pass(call, course).orElseThrow(() -> new IOException("the platform's tools do not answer"));
    }
}
