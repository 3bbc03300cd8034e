package ai.molecule.platform.workspace;

import ai.molecule.platform.backend.HostAccess;
import ai.molecule.protocol.Wire;
import ai.molecule.protocol.WireException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;

/// The fields of a workspace that say what of its machine its agent gets: `workspace_dir`, `workspace_access`
/// and `privileged`.
final class HostFields {

    static final List<String> NAMES = List.of("workspace_dir", "workspace_access", "privileged");

    private static final int LENGTH_MAX = 1024;
    /// What separates the parts of a mount where an engine takes it as text, and what no path needs.
    private static final Pattern UNFIT = Pattern.compile("[:,\\p{Cntrl}]");

    private HostFields() {}

    /// Reads what is said; what is not stays as it was.
    ///
    /// @throws WireException when a field is not what it should be
    static HostAccess read(Wire wire, HostAccess old) {
        if (NAMES.stream().noneMatch(wire::mentions)) {
            return old;
        }
        var directory = wire.mentions("workspace_dir") ? wire.text("workspace_dir", "") : old.directory();
        if (!directory.isEmpty()) {
            checkPath(directory);
        }
        var access = wire.text("workspace_access", access(new HostAccess(directory, old.readOnly(), false)));
        if (!List.of("none", "read_only", "read_write").contains(access)) {
            throw new WireException(
                    "Expected \"workspace_access\" to be none, read_only or read_write, but found " + access);
        }
        if (access.equals("none") != directory.isEmpty()) {
            throw new WireException("Expected \"workspace_dir\" and \"workspace_access\" together, but found \""
                    + directory + "\" and " + access);
        }
        return new HostAccess(directory, access.equals("read_only"), wire.flag("privileged", old.privileged()));
    }

    private static void checkPath(String directory) {
        if (directory.length() > LENGTH_MAX || UNFIT.matcher(directory).find()) {
            throw new WireException("Expected \"workspace_dir\" to be a path of at most " + LENGTH_MAX
                    + " characters, without colons, commas and control characters");
        }
        if (!isPlain(directory)) {
            throw new WireException(
                    "Expected \"workspace_dir\" to be an absolute path without detours, but found " + directory);
        }
    }

    private static boolean isPlain(String directory) {
        try {
            var path = Path.of(directory);
            return path.isAbsolute() && path.normalize().toString().equals(directory);
        } catch (InvalidPathException notOnThisMachine) {
            return false;
        }
    }

    static void write(HostAccess access, ObjectNode json) {
        json.put("workspace_dir", access.directory().isEmpty() ? null : access.directory())
                .put("workspace_access", access(access))
                .put("privileged", access.privileged());
    }

    private static String access(HostAccess access) {
        return access.directory().isEmpty() ? "none" : access.readOnly() ? "read_only" : "read_write";
    }
}
