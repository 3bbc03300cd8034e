package ai.molecule.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/// What a tool answers (Model Context Protocol 2025-11-25, tools: structured content).
public final class ToolAnswer {

    private ToolAnswer() {}

    /// The structured content beside a text that is JSON and no object: this must be one, and some programs make it
    /// of the text where it is missing, and then refuse the answer. Empty for any other text.
    public static Optional<ObjectNode> structured(String text) {
        try {
            JsonNode value = Json.read(text);
            return value.isObject() || value.isMissingNode()
                    ? Optional.empty()
                    : Optional.of(Json.object().set("result", value));
        } catch (Json.MalformedException words) {
            return Optional.empty();
        }
    }
}
