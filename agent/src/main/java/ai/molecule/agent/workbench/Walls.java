package ai.molecule.agent.workbench;

import ai.molecule.agent.workbench.Permissions.Permission;
import java.io.File;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What commands of a workspace are run in ([Confined]), as whoever runs the agent says.
public final class Walls {

    private final Confined.Bounds bounds;
    private final Map<String, String> own;

    /// @param bounds what they reach
    /// @param own the environment of whoever runs the agent; what of it has to do with commands is passed on
    Walls(Confined.Bounds bounds, Map<String, String> own) {
        this.bounds = bounds;
        this.own = Map.copyOf(own);
    }

    /// Reads what whoever runs the agent says.
    ///
    /// @param directory where the workspace's files are
    /// @throws IllegalArgumentException where it is wrong
    public static Walls of(Map<String, String> own, Path directory) {
        var tcp = permissions(own).has(Permission.NETWORK);
        var readable = own.getOrDefault(Permissions.READABLE, "");
        return new Walls(new Confined.Bounds(directory, tcp, readable), own);
    }

    static Permissions permissions(Map<String, String> own) {
        return Permissions.read(own.getOrDefault(Permissions.VARIABLE, ""));
    }

    /// Where they work.
    Path directory() {
        return bounds.directory();
    }

    /// Why there are no commands here; empty where there are.
    public String missing() {
        return permissions(own).has(Permission.SHELL)
                ? Confined.missing()
                : Permissions.VARIABLE + ": whoever runs this agent allows no commands (shell)";
    }

    /// The command that runs another one in these walls.
    public List<String> command(List<String> command) {
        return Confined.command(bounds, command);
    }

    /// The same, where it may read one directory more.
    public List<String> command(List<String> command, Path readable) {
        var more = bounds.readable().isEmpty() ? "" : bounds.readable() + File.pathSeparator;
        return Confined.command(new Confined.Bounds(bounds.directory(), bounds.tcp(), more + readable), command);
    }

    /// The environment of [#command].
    ///
    /// @param more what the other one finds in its environment besides
    public Map<String, String> environment(Map<String, String> more) {
        var variables = new HashMap<>(Confined.environment(bounds.directory(), own));
        variables.putAll(more);
        return Confined.variables(variables);
    }
}
