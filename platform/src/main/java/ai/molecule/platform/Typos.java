package ai.molecule.platform;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import java.util.Set;

/// Finds variables that were probably meant to be ours: a wrong name must not be ignored in silence.
final class Typos {

    private static final int DISTANCE_MAX = 2;
    private static final int LENGTH_MIN = 8;

    /// What others set: Fly itself, inside its machines, and what looks like one of ours.
    private static final Set<String> OTHERS = Set.of(
            "FLY_APP_NAME",
            "FLY_MACHINE_ID",
            "FLY_ALLOC_ID",
            "FLY_PUBLIC_IP",
            "FLY_PRIVATE_IP",
            "FLY_IMAGE_REF",
            "FLY_MACHINE_VERSION",
            "FLY_PROCESS_GROUP",
            "FLY_VM_MEMORY_MB",
            "FLY_SSH",
            "FTP_PROXY");

    private Typos() {}

    /// Empty when the name has nothing to do with us; otherwise what it was meant to be, an empty text where
    /// nothing is near.
    static Optional<String> suspect(String name) {
        if (OTHERS.contains(name)) {
            return Optional.empty();
        }
        var near = Arrays.stream(Variable.values())
                .map(Enum::name)
                .filter(known -> known.length() >= LENGTH_MIN)
                .min(Comparator.comparingInt(known -> distance(name, known)))
                .filter(known -> distance(name, known) <= DISTANCE_MAX);
        if (near.isPresent()) {
            return near;
        }
        var oursByPrefix = name.startsWith("MOLECULE_") || name.startsWith("FLY_");
        if (!oursByPrefix) {
            return Optional.empty();
        }
        var bare = name.replaceFirst("^(MOLECULE|FLY)_", "");
        return Optional.of(Variable.named(bare).map(Enum::name).orElse(""));
    }

    /// Levenshtein's distance.
    static int distance(String one, String other) {
        var row = new int[other.length() + 1];
        Arrays.setAll(row, i -> i);
        for (int i = 1; i <= one.length(); i++) {
            var diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= other.length(); j++) {
                var above = row[j];
                var swap = diagonal + (one.charAt(i - 1) == other.charAt(j - 1) ? 0 : 1);
                row[j] = Math.min(swap, Math.min(row[j] + 1, row[j - 1] + 1));
                diagonal = above;
            }
        }
        return row[other.length()];
    }
}
