package ai.molecule.conformance;

import ai.molecule.conformance.Finding.Level;
import ai.molecule.conformance.Finding.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/// What was found out so far, in the order in which it was.
final class Findings {

    private final List<Finding> all = new ArrayList<>();
    private final Consumer<String> progress;

    /// @param progress what is looked at now
    Findings(Consumer<String> progress) {
        this.progress = progress;
    }

    /// Says what is looked at now.
    void looking(String at) {
        progress.accept(at);
    }

    void add(Level level, String id, String requirement, Outcome outcome, String detail) {
        all.add(new Finding(level, id, requirement, outcome, detail));
        progress.accept(outcome.name().toLowerCase(Locale.ROOT) + " " + id + " " + requirement);
    }

    void add(Level level, String id, String requirement, boolean passed, String detail) {
        add(level, id, requirement, passed ? Outcome.PASSED : Outcome.FAILED, detail);
    }

    List<Finding> all() {
        return List.copyOf(all);
    }
}
