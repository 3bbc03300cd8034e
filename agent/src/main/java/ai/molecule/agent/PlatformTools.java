package ai.molecule.agent;

import ai.molecule.agent.hermes.Tools;
import ai.molecule.protocol.Json;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// What the platform lets its agent do, over its MCP server (Model Context Protocol 2025-11-25, tools).
final class PlatformTools implements Tools {

    private final PlatformLine line;

    PlatformTools(PlatformLine line) {
        this.line = line;
    }

    @Override
    public List<ToolSpecification> all() throws IOException, InterruptedException {
        var all = new ArrayList<ToolSpecification>();
        for (var tool : line.mcp("tools/list", Json.object(), "").path("tools")) {
            var specification = Json.object();
            specification.set("name", tool.path("name"));
            specification.set("description", tool.path("description"));
            specification.set("parameters", tool.path("inputSchema"));
            all.add(ToolSpecification.fromJson(Json.text(specification)));
        }
        return all;
    }

    @Override
    public String call(ToolExecutionRequest request, String course) throws IOException, InterruptedException {
        var params = Json.object().put("name", request.name());
        try {
            var arguments = request.arguments() == null || request.arguments().isBlank() ? "{}" : request.arguments();
            params.set("arguments", Json.read(arguments));
        } catch (Json.MalformedException bad) {
            return "The arguments are no JSON: " + bad.getMessage();
        }
        var texts = new ArrayList<String>();
        line.mcp("tools/call", params, course)
                .path("content")
                .forEach(part -> texts.add(part.path("text").asText()));
        return String.join("\n", texts);
    }
}
