package ai.molecule.agent.workbench;

import ai.molecule.agent.workbench.Landlock.Right;
import ai.molecule.agent.workbench.Landlock.Rule;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A program that confines itself to a directory and becomes another one: what that does, and all that it
/// starts, reaches this directory and the system's programs, and neither the agent's memory, files and signals
/// nor, unless it is allowed, TCP.
public final class Confined {

    /// What it exits with when it cannot confine itself.
    static final int NOT_CONFINED = 126;

    private static final String TCP = "tcp";
    private static final String TEMPORARY = ".tmp";
    private static final String VARIABLE = "CONFINED_";

    /// Wherever it is started: nobody there is to put another class in its place.
    private static final String CLASS_PATH = Stream.of(
                    System.getProperty("java.class.path").split(File.pathSeparator, -1))
            .filter(entry -> !entry.isEmpty())
            .map(entry -> Path.of(entry).toAbsolutePath().toString())
            .collect(Collectors.joining(File.pathSeparator));

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
    /// @param arguments the directory; `tcp` or `-`; what it may read and run besides, as in `PATH`; a command
    public static void main(String[] arguments) {
        try {
            Files.createDirectories(Path.of(arguments[0]));
            var rules = new ArrayList<Rule>();
            SYSTEM.forEach(path -> rules.add(new Rule(Path.of(path), Right.READ)));
            DEVICES.forEach(path -> rules.add(new Rule(Path.of(path), Right.WRITE)));
            Stream.of(arguments[2].split(File.pathSeparator, -1))
                    .filter(path -> !path.isEmpty())
                    .forEach(path -> rules.add(new Rule(Path.of(path), Right.READ)));
            rules.add(new Rule(Path.of(arguments[0]), Right.ALL));
            become(arguments[0], List.of(arguments).subList(3, arguments.length), rules, arguments[1].equals(TCP));
        } catch (IOException | RuntimeException failed) {
            System.err.println("not confined, and so not run: " + failed.getMessage());
            System.exit(NOT_CONFINED);
        }
    }

    /// Why nothing can be confined here; empty where it can.
    static String missing() {
        return Landlock.version() == 0 || !Seccomp.fits()
                ? "commands: this system cannot confine them (Linux with Landlock on amd64 and aarch64 can), so there"
                        + " are none"
                : "";
    }

    /// What confined programs reach.
    ///
    /// @param directory where they work, and may do anything
    /// @param tcp whether they may use TCP
    /// @param readable what they may read and run besides, as in `PATH`
    record Bounds(Path directory, boolean tcp, String readable) {}

    /// The command that runs another one confined. What that is to find in its environment is given as
    /// [#variables].
    static List<String> command(Bounds bounds, List<String> command) {
        var java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        var all = new ArrayList<>(List.of(
                java,
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx32m",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                CLASS_PATH,
                Confined.class.getName(),
                bounds.directory().toString(),
                bounds.tcp() ? TCP : "-",
                bounds.readable()));
        all.addAll(command);
        return all;
    }

    /// Variables for a command, by names that mean nothing to the JVM and the loader before them, which are not
    /// confined
    /// yet.
    static Map<String, String> variables(Map<String, String> environment) {
        var variables = new HashMap<String, String>();
        environment.forEach((name, value) -> variables.put(VARIABLE + name, value));
        // By which the JVM before it reads the command, and writes it.
        variables.put("LC_ALL", "C.UTF-8");
        return variables;
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
        return directory.resolve(TEMPORARY);
    }

    private static void become(String directory, List<String> command, List<Rule> rules, boolean tcp)
            throws IOException {
        var environment = System.getenv().entrySet().stream()
                .filter(one -> one.getKey().startsWith(VARIABLE))
                .map(one -> one.getKey().substring(VARIABLE.length()) + "=" + one.getValue())
                .toList();
        Native.must("enter " + directory, Native.chdir(directory));
        Native.setsid();
        Native.giveUpPrivileges();
        Seccomp.confine(tcp);
        // Afterwards no class is loaded any more: all that comes is done once before, to no effect.
        Native.mkdir("", 0);
        Native.exec(List.of("/"), environment);
        Landlock.confine(rules, tcp);
        // Where there is something else of this name, whoever made that has no place for what is temporary.
        Native.mkdir(TEMPORARY, 0700);
        Native.must("run " + command.getFirst(), Native.exec(command, environment));
    }
}
