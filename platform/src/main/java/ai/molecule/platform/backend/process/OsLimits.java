package ai.molecule.platform.backend.process;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// What the operating system can hold a child to without special rights: open files, core dumps, priority (`prlimit`,
/// `nice`).
///
/// Memory and processors of a tier are held by the JVM's own flags (see [AgentProgram]); hard walls need the docker
/// backend.
final class OsLimits {

    private static final Path PRLIMIT = Path.of("/usr/bin/prlimit");
    private static final Path SETSID = Path.of("/usr/bin/setsid");
    private static final int OPEN_FILES_MAX = 4096;

    private OsLimits() {}

    static List<String> wrap(List<String> command) {
        var limited = new ArrayList<String>();
        if (Files.isExecutable(SETSID)) {
            // A terminal's Ctrl-C is the platform's to answer; it stops its agents itself.
            limited.add(SETSID.toString());
        }
        if (Files.isExecutable(PRLIMIT)) {
            limited.addAll(List.of(PRLIMIT.toString(), "--nofile=" + OPEN_FILES_MAX, "--core=0", "--"));
        }
        limited.addAll(command);
        return limited;
    }
}
