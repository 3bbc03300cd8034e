package ai.molecule.agent;

import ai.molecule.protocol.Configuration;
import ai.molecule.protocol.Skill;
import java.util.ArrayList;
import java.util.List;

/// What a model is told before a conversation: who it is, what its configuration says, what it knows how to do, whom
/// it works with.
final class Instructions {

    /// Skills are told as long as there is room.
    static final int LENGTH_MAX = 100_000;

    private static final String MANNER = " You work in a team of agents. Be brief and exact.";
    private static final String FAILURE =
            "When a tool or a colleague fails, say so plainly, try once in another way where there is one, and never make"
                    + " up what they would have answered.";

    private Instructions() {}

    /// All of it; empty where nothing is known.
    static String of(Self self, Configuration configuration, List<Skill> skills) {
        var parts = new ArrayList<String>();
        var name = self.name().isEmpty() ? configuration.text("name") : self.name();
        if (!name.isEmpty()) {
            var role = first(self.role(), configuration.text("role"), configuration.text("description"));
            parts.add("You are " + name + (role.isEmpty() ? "." : ", " + role + ".") + MANNER);
        }
        parts.addAll(configuration.prompts());
        for (var skill : skills) {
            parts.add("# Skill: " + skill.name() + "\n"
                    + (skill.description().isEmpty() ? "" : skill.description() + "\n\n") + skill.body());
        }
        if (!self.peers().isEmpty()) {
            parts.add(peers(self.peers()));
        }
        if (!parts.isEmpty()) {
            parts.add(FAILURE);
        }
        return String.join("\n\n", bounded(parts));
    }

    private static String peers(List<Self.Peer> peers) {
        var text = new StringBuilder("# Your colleagues");
        for (var peer : peers) {
            text.append("\n- ")
                    .append(peer.name())
                    .append(peer.role().isEmpty() ? "" : ", " + peer.role())
                    .append(" (workspace_id ")
                    .append(peer.id())
                    .append(')');
        }
        return text.toString();
    }

    private static List<String> bounded(List<String> parts) {
        var kept = new ArrayList<String>();
        var left = LENGTH_MAX;
        for (var part : parts) {
            if (part.length() <= left) {
                kept.add(part);
                left -= part.length();
            }
        }
        return kept;
    }

    private static String first(String... texts) {
        for (var text : texts) {
            if (!text.isEmpty()) {
                return text;
            }
        }
        return "";
    }
}
