package ai.molecule.agent;

import java.util.Collection;

/// Keeps secrets out of what people and models read.
public final class Masking {

    /// What is shorter is no secret, and in every text.
    private static final int LENGTH_MIN = 4;

    private Masking() {}

    /// A text without some values.
    public static String of(String text, Collection<String> secrets) {
        var masked = text;
        for (var secret : secrets) {
            masked = secret.length() < LENGTH_MIN ? masked : masked.replace(secret, "…");
        }
        return masked;
    }
}
