package ai.molecule.agent;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.UUID;

/// What a task took of a model, as its provider counts.
///
/// @param turn names this try at this message, so that what several took of one task adds up
/// @param calls how often it was asked
public record Usage(String turn, String model, int calls, long inputTokens, long outputTokens) {

    /// None so far.
    public static Usage none(String model) {
        return new Usage(UUID.randomUUID().toString(), model, 0, 0, 0);
    }

    /// With one call more.
    public Usage plus(long input, long output) {
        return plus(1, input, output);
    }

    /// With some calls more.
    public Usage plus(int more, long input, long output) {
        return new Usage(turn, model, calls + more, inputTokens + input, outputTokens + output);
    }

    ObjectNode toJson() {
        return Json.object()
                .put("turn", turn)
                .put("model", model)
                .put("calls", calls)
                .put("input_tokens", inputTokens)
                .put("output_tokens", outputTokens);
    }
}
