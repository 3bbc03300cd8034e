package ai.molecule.platform.spending;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What a workspace may spend in a month, and what it has spent in this one. Money is in US cents on the wire.
///
/// @param limit cents; null for no limit
/// @param spent millionths of a US dollar
/// @param state `open`, `warned` from 80 % on, or `stopped`
/// @param unpriced models it used this month of which nobody said what they cost
public record Budget(@Nullable Long limit, long spent, String state, List<String> unpriced) {

    private static final long MICROS_IN_CENT = 10_000;

    public Budget {
        unpriced = List.copyOf(unpriced);
    }

    /// Whole cents, rounded up: what was spent is never shown as nothing.
    static long cents(long micros) {
        return Math.ceilDiv(micros, MICROS_IN_CENT);
    }

    /// Writes it for the wire, in the original's words and ours.
    public ObjectNode toJson() {
        var json = Json.object();
        if (limit == null) {
            json.putNull("budget_limit").put("monthly_spend", cents(spent)).putNull("budget_remaining");
        } else {
            json.put("budget_limit", limit)
                    .put("monthly_spend", cents(spent))
                    .put("budget_remaining", Math.max(0, limit - cents(spent)));
        }
        json.put("state", state);
        unpriced.forEach(json.putArray("unpriced_models")::add);
        return json;
    }
}
