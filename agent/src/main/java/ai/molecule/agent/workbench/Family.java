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
public final class Family {

    private static final String VARIABLE = "MOLECULE_COMMAND";
    private static final int ROUNDS_MAX = 50;

    /// Of which agent all of them are; another one in each life until [#settle].
    private static volatile String house = UUID.randomUUID().toString();

    private final String mark = house + " " + UUID.randomUUID();

    /// Says where the agent lives, and ends whatever it left behind in an earlier life.
    ///
    /// @param state its own directory, which nobody else has
    public static void settle(Path state) {
        var place = state.toAbsolutePath().normalize().toString();
        house = UUID.nameUUIDFromBytes(place.getBytes(StandardCharsets.UTF_8)).toString();
        end(house + " ");
    }

    /// What each of them has in its environment.
    public Map<String, String> environment() {
        return Map.of(VARIABLE, mark);
    }

    /// Ends all of them; again and again, because one may start another while it is looked for.
    public void end() {
        end(mark);
    }

    private static void end(String mark) {
        for (int round = 0; round < ROUNDS_MAX; round++) {
            var left = members(mark).peek(ProcessHandle::destroyForcibly).count();
            if (left == 0) {
                return;
            }
        }
    }

    private static Stream<ProcessHandle> members(String mark) {
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
