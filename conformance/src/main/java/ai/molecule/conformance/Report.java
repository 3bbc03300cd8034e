package ai.molecule.conformance;

import ai.molecule.conformance.Finding.Level;
import ai.molecule.conformance.Finding.Outcome;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;

/// All that was found out about an agent.
///
/// @param target what it is
record Report(String target, List<Finding> findings) {

    /// How many requirements an agent cannot do without.
    private static final int MUSTS = 5;

    Report {
        findings = List.copyOf(findings);
    }

    /// True when a level and all below it pass: nothing of them failed, and all of the first was seen.
    boolean reaches(Level level) {
        return findings.stream()
                        .filter(one -> one.level().compareTo(level) <= 0)
                        .noneMatch(one -> one.outcome() == Outcome.FAILED)
                && findings.stream().filter(one -> one.level() == Level.JOINS).count() == MUSTS;
    }

    /// For people.
    String text() {
        var text = new StringBuilder(target).append('\n');
        for (var level : Level.values()) {
            text.append("\n%s (%s): %s%n"
                    .formatted(level.word(), level.verb(), reaches(level) ? "passes" : "does not pass"));
            for (var one : findings) {
                if (one.level() == level) {
                    text.append("  %-7s %-3s %s%s%n"
                            .formatted(
                                    one.outcome().name().toLowerCase(Locale.ROOT),
                                    one.id(),
                                    one.requirement(),
                                    one.detail().isEmpty()
                                            ? ""
                                            : ": " + one.detail().replace("\n", "\n              ")));
                }
            }
        }
        return text.toString();
    }

    /// For programs.
    ObjectNode json() {
        var json = Json.object().put("target", target);
        var levels = json.putObject("levels");
        for (var level : Level.values()) {
            levels.put(level.word(), reaches(level));
        }
        var all = json.putArray("findings");
        for (var one : findings) {
            all.addObject()
                    .put("level", one.level().word())
                    .put("id", one.id())
                    .put("requirement", one.requirement())
                    .put("outcome", one.outcome().name().toLowerCase(Locale.ROOT))
                    .put("detail", one.detail());
        }
        return json;
    }
}
