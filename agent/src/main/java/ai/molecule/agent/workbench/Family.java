package ai.molecule.agent.workbench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.UUID;
import java.util.stream.Stream;

/// All that a command starts, known by a variable that each process finds in its environment, whoever its parent
/// is.
final class Family {

    private static final String VARIABLE = "MOLECULE_COMMAND";
    private static final int ROUNDS_MAX = 50;

    private final String mark = UUID.randomUUID().toString();

    /// What each of them has in its environment.
    Map<String, String> environment() {
        return Map.of(VARIABLE, mark);
    }

    /// Ends all of them; again and again, because one may start another while it is looked for.
    void end() {
        for (int round = 0; round < ROUNDS_MAX; round++) {
            var left = members().peek(ProcessHandle::destroyForcibly).count();
            if (left == 0) {
                return;
            }
        }
    }

    private Stream<ProcessHandle> members() {
        var wanted = VARIABLE + "=" + mark;
        return ProcessHandle.allProcesses()
                .filter(one -> environmentOf(one.pid()).contains(wanted));
    }

    /// What a process was started with (proc_pid_environ(5)); nothing where it is gone or somebody else's.
    private static String environmentOf(long pid) {
        try {
            return Files.readString(Path.of("/proc", String.valueOf(pid), "environ"), StandardCharsets.ISO_8859_1);
        } catch (IOException gone) {
            return "";
        }
    }
}
