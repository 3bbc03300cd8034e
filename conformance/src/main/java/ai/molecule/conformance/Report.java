package ai.molecule.conformance;

import ai.molecule.conformance.Finding.Level;
import ai.molecule.conformance.Finding.Outcome;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/// All that was found out about an agent.
///
/// @param target what it is
record Report(String target, List<Finding> findings) {

    Report {
        findings = List.copyOf(findings);
    }

    /// True when nothing of a level failed, and something of it was seen.
    boolean passes(Level level) {
        var own = findings.stream().filter(one -> one.level() == level).toList();
        return own.stream().noneMatch(one -> one.outcome() == Outcome.FAILED)
                && own.stream().anyMatch(one -> one.outcome() == Outcome.PASSED)
                && (level != Level.JOINS || own.stream().allMatch(one -> one.outcome() == Outcome.PASSED));
    }

    /// True when a level and all below it pass.
    boolean reaches(Level level) {
        return Stream.of(Level.values())
                .filter(one -> one.compareTo(level) <= 0)
                .allMatch(this::passes);
    }

    /// For people.
    String text() {
        var text = new StringBuilder(target).append('\n');
        for (var level : Level.values()) {
            text.append("\n%s (%s): %s%n"
                    .formatted(level.word(), level.verb(), passes(level) ? "passes" : "does not pass"));
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
            levels.put(level.word(), passes(level));
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
