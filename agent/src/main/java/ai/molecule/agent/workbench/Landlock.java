package ai.molecule.agent.workbench;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Linux' own confinement for whoever wants less than it may
/// (<https://docs.kernel.org/userspace-api/landlock.html>): once confined, this thread and everything that it
/// starts reaches the named files and nothing else, for good.
final class Landlock {

    /// What may be done with a file or what is below a directory.
    enum Right {
        /// Read and run.
        READ,
        /// Read, write, and what devices are for.
        WRITE,
        /// Everything but making devices.
        ALL
    }

    /// A rule: what is there, and below it, may be used so.
    record Rule(Path path, Right right) {}

    private static final long EXECUTE = 1;
    private static final long WRITE_FILE = 1 << 1;
    private static final long READ_FILE = 1 << 2;
    private static final long READ_DIR = 1 << 3;
    private static final long MAKE_CHAR = 1 << 6;
    private static final long MAKE_BLOCK = 1 << 11;
    private static final int BITS_V1 = 13;
    private static final long REFER = 1 << 13;
    private static final long TRUNCATE = 1 << 14;
    private static final long IOCTL_DEV = 1 << 15;
    private static final long FOR_FILES = EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV;
    private static final long TCP = 0b11;
    private static final long SOCKETS_AND_SIGNALS = 0b11;

    private static final int ABI_REFER = 2;
    private static final int ABI_TRUNCATE = 3;
    private static final int ABI_TCP = 4;
    private static final int ABI_IOCTL = 5;
    private static final int ABI_SCOPES = 6;

    private static final long CREATE_RULESET = 444;
    private static final long ADD_RULE = 445;
    private static final long RESTRICT_SELF = 446;
    private static final long ASK_VERSION = 1;
    private static final long PATH_BENEATH = 1;
    private static final int OPEN_PATH = 0x200000 | 0x80000;

    private Landlock() {}

    /// Which of it this kernel has; 0 for none, or where a sandbox around us keeps it from us.
    static int version() {
        if (!System.getProperty("os.name").equals("Linux")) {
            return 0;
        }
        return (int) Math.max(0, Native.syscall(CREATE_RULESET, 0, 0, ASK_VERSION, 0));
    }

    /// Confines this thread, and whatever it starts from now on. Privileges must have been given up before.
    ///
    /// @param tcp whether TCP may be used
    /// @throws IOException when that cannot be done; nothing is confined then
    static void confine(List<Rule> rules, boolean tcp) throws IOException {
        var version = version();
        if (version == 0) {
            throw new IOException("this kernel cannot confine a process; Linux 5.13 or later with Landlock can");
        }
        try (var arena = Arena.ofConfined()) {
            var handled = handled(version);
            var attributes = arena.allocate(24, 8);
            attributes.set(ValueLayout.JAVA_LONG, 0, handled);
            attributes.set(ValueLayout.JAVA_LONG, 8, tcp ? 0 : TCP);
            attributes.set(ValueLayout.JAVA_LONG, 16, SOCKETS_AND_SIGNALS);
            var size = version >= ABI_SCOPES ? 24 : version >= ABI_TCP ? 16 : 8;
            var ruleset =
                    Native.must("create a ruleset", Native.syscall(CREATE_RULESET, attributes.address(), size, 0, 0));
            for (var rule : rules) {
                if (Files.exists(rule.path())) {
                    add(arena, ruleset, rule, handled);
                }
            }
            Native.must("confine itself", Native.syscall(RESTRICT_SELF, ruleset, 0, 0, 0));
        }
    }

    private static long handled(int version) {
        var all = (1L << BITS_V1) - 1;
        return all
                | (version >= ABI_REFER ? REFER : 0)
                | (version >= ABI_TRUNCATE ? TRUNCATE : 0)
                | (version >= ABI_IOCTL ? IOCTL_DEV : 0);
    }

    private static void add(Arena arena, long ruleset, Rule rule, long handled) throws IOException {
        var rights = switch (rule.right()) {
            case READ -> EXECUTE | READ_FILE | READ_DIR;
            case WRITE -> READ_FILE | WRITE_FILE | READ_DIR | TRUNCATE | IOCTL_DEV;
            // No devices: whoever is root could make one of a disk.
            case ALL -> handled & ~(MAKE_CHAR | MAKE_BLOCK);
        };
        var fits = Files.isDirectory(rule.path()) ? handled : handled & FOR_FILES;
        var descriptor = Native.open(rule.path().toString(), OPEN_PATH);
        if (descriptor < 0) {
            throw new IOException("cannot open " + rule.path());
        }
        // Packed: eight bytes of rights, four of the descriptor.
        var beneath = arena.allocate(12, 8);
        beneath.set(ValueLayout.JAVA_LONG, 0, rights & fits);
        beneath.set(ValueLayout.JAVA_INT, 8, (int) descriptor);
        Native.must("allow " + rule.path(), Native.syscall(ADD_RULE, ruleset, PATH_BENEATH, beneath.address(), 0));
    }
}
