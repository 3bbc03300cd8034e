package ai.molecule.agent;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/// What the platform lets its agent do, over its MCP server (Model Context Protocol 2025-11-25, tools).
final class PlatformTools implements Tools {

    private static final String PENDING = "pending";

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
    public Outcome call(ToolExecutionRequest request, String course) throws IOException, InterruptedException {
        var params = Json.object().put("name", request.name());
        try {
            var text = request.arguments() == null || request.arguments().isBlank() ? "{}" : request.arguments();
            var arguments = Json.read(text);
            if (!arguments.isObject()) {
                return new Outcome.Told("The arguments must be a JSON object");
            }
            params.set("arguments", arguments);
        } catch (Json.MalformedException bad) {
            return new Outcome.Told("The arguments are no JSON: " + bad.getMessage());
        }
        var answer = ask("tools/call", params, course);
        if (answer.has("error")) {
            return new Outcome.Told("The call was refused: "
                    + answer.path("error").path("message").asText());
        }
        var texts = new ArrayList<String>();
        answer.path("result")
                .path("content")
                .forEach(part -> texts.add(part.path("text").asText()));
        var text = String.join("\n", texts);
        var pending = request.name().equals(APPROVAL) ? pending(text) : "";
        return pending.isEmpty()
                ? new Outcome.Told(text)
                : new Outcome.Asked(
                        pending, params.path("arguments").path("action").asText());
    }

    /// The approval that a person has yet to decide on; empty for none.
    private static String pending(String text) {
        try {
            var asked = Json.read(text);
            return asked.path("status").asText().equals(PENDING)
                    ? asked.path("approval_id").asText()
                    : "";
        } catch (Json.MalformedException refused) {
            return "";
        }
    }

    @Override
    public Optional<String> decided(String approval) throws IOException, InterruptedException {
        var found = line.approval(approval);
        if (found.isEmpty()) {
            return Optional.of("There is no such approval any more");
        }
        if (found.get().path("status").asText().equals(PENDING)) {
            return Optional.empty();
        }
        var told = Json.object().put("approval_id", approval);
        told.set("status", found.get().path("status"));
        told.set("decided_by", found.get().path("decided_by"));
        return Optional.of(Json.text(told));
    }

    private JsonNode ask(String method, ObjectNode params, String course) throws IOException, InterruptedException {
        var call =
                Json.object().put("jsonrpc", "2.0").put("id", UUID.randomUUID().toString());
        call.put("method", method).set("params", params);
        return line.pass(call, course).orElseThrow(() -> new IOException("the platform's tools do not answer"));
    }
}
