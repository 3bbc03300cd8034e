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
    private static final int OPEN_FILES_MAX = 4096;

    private OsLimits() {}

    static List<String> wrap(List<String> command) {
        if (!Files.isExecutable(PRLIMIT)) {
            return command;
        }
        var limited = new ArrayList<String>();
        limited.add(PRLIMIT.toString());
        limited.add("--nofile=" + OPEN_FILES_MAX);
        limited.add("--core=0");
        limited.add("--");
        limited.addAll(command);
        return limited;
    }
}
