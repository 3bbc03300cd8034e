package ai.molecule.agent.workbench;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Stream;

/// What whoever runs an agent lets its model use of the machine. Nothing that the platform says widens it.
///
/// @param allowed all of it
public record Permissions(Set<Permission> allowed) {

    /// The variable that names them, with commas between.
    public static final String VARIABLE = "AGENT_TOOLS";

    /// The variable that names what commands may read and run besides their directory and the system's programs, as
    /// `PATH` does.
    public static final String READABLE = "AGENT_TOOLS_PATH";

    /// One thing that may be allowed.
    public enum Permission {
        /// Files of the workspace's directory.
        FILES,
        /// Commands in that directory, confined to it.
        SHELL,
        /// TCP for these commands.
        NETWORK,
        /// The MCP servers that the configuration names; those that are commands need SHELL too.
        MCP
    }

    public Permissions {
        allowed = Set.copyOf(allowed);
    }

    /// Reads the variable's value.
    ///
    /// @throws IllegalArgumentException when it names what nobody knows
    public static Permissions read(String value) {
        var allowed = EnumSet.noneOf(Permission.class);
        var unknown = new ArrayList<String>();
        for (var word : value.strip().split("[,\\s]+", -1)) {
            if (word.isEmpty() || word.equals("none")) {
                continue;
            }
            Stream.of(Permission.values())
                    .filter(one -> one.name().toLowerCase(Locale.ROOT).equals(word))
                    .findFirst()
                    .ifPresentOrElse(allowed::add, () -> unknown.add(word));
        }
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException(VARIABLE + ": expected some of " + String.join(", ", words())
                    + " with commas between, or none, but found " + String.join(", ", unknown));
        }
        return new Permissions(allowed);
    }

    /// True for what is allowed.
    public boolean has(Permission one) {
        return allowed.contains(one);
    }

    private static List<String> words() {
        return Stream.of(Permission.values())
                .map(one -> one.name().toLowerCase(Locale.ROOT))
                .toList();
    }
}
