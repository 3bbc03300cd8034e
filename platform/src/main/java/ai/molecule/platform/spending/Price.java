package ai.molecule.platform.spending;

import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;

/// What a model costs.
///
/// @param model as agents report it; a `*` at its end stands for anything
/// @param input millionths of a US dollar for a million tokens that it reads
/// @param output the same for those it writes
public record Price(String model, long input, long output) {

    private static final int MODEL_MAX = 200;
    private static final double DOLLARS_MAX = 1_000_000;
    private static final int MICROS_IN_DOLLAR = 6;

    public Price {
        var star = model.indexOf('*');
        if (model.isBlank() || model.length() > MODEL_MAX || (star >= 0 && star < model.length() - 1)) {
            throw new Refusal(
                    Reason.INVALID_FIELD,
                    "Expected a model's name of at most " + MODEL_MAX + " characters, with a * at its end or none");
        }
    }

    /// One in US dollars for a million tokens.
    ///
    /// @throws Refusal `invalid_field`
    public static Price dollars(String model, double input, double output) {
        return new Price(model, micros("input", input), micros("output", output));
    }

    private static long micros(String field, double dollars) {
        if (!(dollars >= 0 && dollars <= DOLLARS_MAX)) {
            throw new Refusal(
                    Reason.INVALID_FIELD,
                    "Expected \"" + field + "\" to be US dollars for a million tokens, from 0 to 1000000");
        }
        return BigDecimal.valueOf(dollars).movePointRight(MICROS_IN_DOLLAR).longValue();
    }

    /// Writes it for the wire, in US dollars.
    public ObjectNode toJson() {
        return Json.object()
                .put("model", model)
                .put("input", BigDecimal.valueOf(input, MICROS_IN_DOLLAR).doubleValue())
                .put("output", BigDecimal.valueOf(output, MICROS_IN_DOLLAR).doubleValue());
    }
}
