package ai.molecule.platform.memory;

import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import java.util.Arrays;

/// Who sees a memory, in the original's words.
public enum Scope {
    /// Its workspace alone.
    LOCAL,
    /// Whoever its workspace may talk to: siblings, ancestors and descendants.
    TEAM,
    /// All. Only a workspace without a parent writes these.
    GLOBAL;

    /// Reads one.
    ///
    /// @throws Refusal `invalid_field`
    public static Scope parse(String text) {
        return Arrays.stream(values())
                .filter(one -> one.name().equalsIgnoreCase(text))
                .findFirst()
                .orElseThrow(
                        () -> new Refusal(Reason.INVALID_FIELD, "Expected \"scope\" to be one of LOCAL, TEAM, GLOBAL"));
    }
}
