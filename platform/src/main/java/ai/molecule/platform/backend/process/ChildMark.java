package ai.molecule.platform.backend.process;

import ai.molecule.protocol.WorkspaceId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// The mark in a child's environment that says whose it is, so that it is found again whatever happened to its parent
/// (Linux).
final class ChildMark {

    private static final String VARIABLE = "MOLECULE_INSTANCE";

    private final String prefix;

    ChildMark(Path directory) {
        this.prefix = directory + "|";
    }

    void put(Map<String, String> environment, WorkspaceId workspace, long generation) {
        environment.put(VARIABLE, prefix + workspace + "|" + generation);
    }

    /// Every living process that carries our mark.
    List<Marked> find() {
        var found = new ArrayList<Marked>();
        for (var process : ProcessHandle.allProcesses().toList()) {
            for (var entry : environment(process)) {
                if (entry.startsWith(VARIABLE + "=" + prefix)) {
                    var rest = entry.substring(VARIABLE.length() + 1 + prefix.length());
                    WorkspaceId.parse(rest.replaceFirst("[|].*", ""))
                            .ifPresent(id -> found.add(new Marked(process, id)));
                }
            }
        }
        return found;
    }

    private static List<String> environment(ProcessHandle process) {
        try {
            var text = Files.readString(
                    Path.of("/proc", String.valueOf(process.pid()), "environ"), StandardCharsets.ISO_8859_1);
            return List.of(text.split("\0", -1));
        } catch (IOException goneOrNotOurs) {
            return List.of();
        }
    }

    record Marked(ProcessHandle process, WorkspaceId workspace) {}
}
