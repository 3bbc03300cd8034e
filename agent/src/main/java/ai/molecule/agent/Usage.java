package ai.molecule.agent;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.node.ObjectNode;

/// What a task took of a model, as its provider counts.
///
/// @param calls how often it was asked
public record Usage(String model, int calls, long inputTokens, long outputTokens) {

    /// None so far.
    public static Usage none(String model) {
        return new Usage(model, 0, 0, 0);
    }

    /// With one call more.
    public Usage plus(long input, long output) {
        return new Usage(model, calls + 1, inputTokens + input, outputTokens + output);
    }

    ObjectNode toJson() {
        return Json.object()
                .put("model", model)
                .put("calls", calls)
                .put("input_tokens", inputTokens)
                .put("output_tokens", outputTokens);
    }
}
