package ai.molecule.agent.workbench;

import ai.molecule.agent.workbench.Landlock.Right;
import ai.molecule.agent.workbench.Landlock.Rule;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/// A program that confines itself to a directory and becomes another one: what that does, and all that it
/// starts, reaches this directory and the system's programs, and neither the agent's memory, files and signals
/// nor, unless it is allowed, TCP.
public final class Confined {

    /// What it exits with when it cannot confine itself.
    static final int NOT_CONFINED = 126;

    private static final String TCP = "tcp";

    /// Programs, and what they need to run; no homes, no other processes.
    private static final List<String> SYSTEM = List.of(
            "/usr",
            "/bin",
            "/sbin",
            "/lib",
            "/lib32",
            "/lib64",
            "/opt",
            "/nix/store",
            "/etc/alternatives",
            "/etc/ca-certificates",
            "/etc/gitconfig",
            "/etc/group",
            "/etc/hosts",
            "/etc/host.conf",
            "/etc/ld.so.cache",
            "/etc/localtime",
            "/etc/mime.types",
            "/etc/nsswitch.conf",
            "/etc/passwd",
            "/etc/pki",
            "/etc/protocols",
            "/etc/resolv.conf",
            "/etc/services",
            "/etc/ssl",
            "/proc/cpuinfo",
            "/proc/filesystems",
            "/proc/loadavg",
            "/proc/meminfo",
            "/proc/self",
            "/proc/stat",
            "/proc/uptime",
            "/proc/version",
            "/sys/devices/system/cpu");

    private static final List<String> DEVICES =
            List.of("/dev/full", "/dev/null", "/dev/random", "/dev/tty", "/dev/urandom", "/dev/zero");

    /// What of the agent's environment has nothing to do with it.
    private static final List<String> PASSED = List.of("PATH", "LANG", "LC_ALL", "TZ", "MOLECULE_INSTANCE");

    private Confined() {}

    /// Confines itself, and becomes another program.
    ///
    /// @param arguments the directory, `tcp` or `-`, what it may read and run besides (as in `PATH`), the names
    /// of the variables that it is to find, with commas between, then the program and its arguments
    public static void main(String[] arguments) {
        try {
            Files.createDirectories(temporary(Path.of(arguments[0])));
            var rules = new ArrayList<Rule>();
            SYSTEM.forEach(path -> rules.add(new Rule(Path.of(path), Right.READ)));
            DEVICES.forEach(path -> rules.add(new Rule(Path.of(path), Right.WRITE)));
            Stream.of(arguments[2].split(File.pathSeparator, -1))
                    .filter(path -> !path.isEmpty())
                    .forEach(path -> rules.add(new Rule(Path.of(path), Right.READ)));
            rules.add(new Rule(Path.of(arguments[0]), Right.ALL));
            become(
                    arguments[0],
                    List.of(arguments).subList(4, arguments.length),
                    List.of(arguments[3].split(",", -1)),
                    rules,
                    arguments[1].equals(TCP));
        } catch (IOException | RuntimeException failed) {
            System.err.println("not confined, and so not run: " + failed.getMessage());
            System.exit(NOT_CONFINED);
        }
    }

    /// What confined programs reach.
    ///
    /// @param directory where they work, and may do anything
    /// @param tcp whether they may use TCP
    /// @param readable what they may read and run besides, as in `PATH`
    record Bounds(Path directory, boolean tcp, String readable) {}

    /// The command that runs another one confined.
    ///
    /// @param names those of the variables that it is to find, of those that there are
    static List<String> command(Bounds bounds, Set<String> names, List<String> command) {
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var all = new ArrayList<>(List.of(
                java,
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx32m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path"),
                Confined.class.getName(),
                bounds.directory().toString(),
                bounds.tcp() ? TCP : "-",
                bounds.readable(),
                String.join(",", names)));
        all.addAll(command);
        return all;
    }

    /// The environment of such a command: where it works, and nothing that the agent knows.
    ///
    /// @param own the agent's environment
    static Map<String, String> environment(Path directory, Map<String, String> own) {
        var environment = new HashMap<String, String>();
        PASSED.stream().filter(own::containsKey).forEach(name -> environment.put(name, own.get(name)));
        environment.putIfAbsent(
                "PATH",
                Stream.of("/usr/local/bin", "/usr/bin", "/bin")
                        .reduce((one, other) -> one + File.pathSeparator + other)
                        .orElseThrow());
        environment.put("HOME", directory.toString());
        environment.put("TMPDIR", temporary(directory).toString());
        return environment;
    }

    private static Path temporary(Path directory) {
        return directory.resolve(".tmp");
    }

    @SuppressWarnings("restricted")
    private static void become(
            String directory, List<String> command, List<String> names, List<Rule> rules, boolean tcp)
            throws IOException {
        var linker = Linker.nativeLinker();
        var exec = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("execvpe"),
                FunctionDescriptor.of(
                        ValueLayout.JAVA_INT, ValueLayout.ADDRESS, ValueLayout.ADDRESS, ValueLayout.ADDRESS));
        var session = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("setsid"), FunctionDescriptor.of(ValueLayout.JAVA_INT));
        var enter = linker.downcallHandle(
                linker.defaultLookup().findOrThrow("chdir"),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS));
        try (var arena = Arena.ofConfined()) {
            var entered = (int) enter.invokeExact(arena.allocateFrom(directory));
            var words = vector(arena, command);
            var environment = vector(
                    arena,
                    System.getenv().entrySet().stream()
                            .filter(one -> names.contains(one.getKey()))
                            .map(one -> one.getKey() + "=" + one.getValue())
                            .toList());
            var program = arena.allocateFrom(command.getFirst());
            Landlock.confine(rules, tcp);
            var leader = (int) session.invokeExact();
            var failed = (int) exec.invokeExact(program, words, environment);
            throw new IOException(
                    "cannot run " + command.getFirst() + " (" + failed + ", " + leader + ", " + entered + ")");
        } catch (IOException | RuntimeException known) {
            throw known;
        } catch (Throwable impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static MemorySegment vector(Arena arena, List<String> texts) {
        var vector = arena.allocate(ValueLayout.ADDRESS, texts.size() + 1L);
        for (int i = 0; i < texts.size(); i++) {
            vector.setAtIndex(ValueLayout.ADDRESS, i, arena.allocateFrom(texts.get(i)));
        }
        return vector;
    }
}
