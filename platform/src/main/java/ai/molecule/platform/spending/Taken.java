package ai.molecule.platform.spending;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import org.jspecify.annotations.Nullable;

/// What was taken of one model.
///
/// @param of what it is the sum of: a day, a workspace, a task
/// @param cost millionths of a US dollar; null where some of it is not known
public record Taken(
        String of,
        String model,
        long calls,
        long inputTokens,
        long outputTokens,
        @Nullable Long cost) {

    /// Writes it for the wire; its cost in US cents, exactly.
    ///
    /// @param name what to call that of which it is the sum
    public ObjectNode toJson(String name) {
        var json = Json.object()
                .put(name, of)
                .put("model", model)
                .put("calls", calls)
                .put("input_tokens", inputTokens)
                .put("output_tokens", outputTokens);
        return cost == null
                ? json.putNull("cost")
                : json.put("cost", BigDecimal.valueOf(cost, 4).doubleValue());
    }
}
