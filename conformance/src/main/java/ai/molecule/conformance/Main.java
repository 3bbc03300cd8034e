package ai.molecule.conformance;

import ai.molecule.conformance.Finding.Level;
import ai.molecule.protocol.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// The kit as a program.
@Command(
        name = "molecule conformance",
        mixinStandardHelpOptions = true,
        description = {
            "Plays the platform for an agent and prints which levels of the contract it keeps (docs/runtime-contract.md).",
            "An image is run as the docker backend runs it; the A2A server at a URL is brought in by the bridge; a command"
                    + " is run as the process backend runs one."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:the level of --level is reached",
            "1:it is not",
            "64:what was said is no good",
            "69:it cannot be run here"
        })
public final class Main implements Callable<Integer> {

    private static final int NOT_REACHED = 1;
    private static final int BAD_SETTINGS = 64;
    private static final int CANNOT_RUN = 69;

    /// The pace of heartbeats, and a little more.
    private static final Duration BEAT = Duration.ofSeconds(35);

    @Parameters(arity = "1..*", paramLabel = "<image> | <url> | -- <command>", description = "what to examine")
    private List<String> target = List.of();

    @Option(names = "--level", description = "joins, holds or belongs: what must pass (default: ${DEFAULT-VALUE})")
    private String level = "joins";

    @Option(names = "--port", description = "where the agent of an image listens (default: ${DEFAULT-VALUE})")
    private int port = 8000;

    @Option(
            names = "--ready",
            paramLabel = "<seconds>",
            description = "how long it may take to register (default: ${DEFAULT-VALUE})")
    private int ready = 60;

    @Option(names = "--say", description = "something that it answers (default: ${DEFAULT-VALUE})")
    private String say = "hello";

    @Option(names = "--slow", description = "something that takes it a while, to be canceled (default: none)")
    private String slow = "";

    @Option(names = "--ask", description = "something that has it ask its colleague {peer} (default: none)")
    private String ask = "";

    @Option(
            names = "--secret",
            paramLabel = "<name>=<value>",
            description = "a secret that the agent needs; may be given more than once")
    private Map<String, String> secrets = new LinkedHashMap<>();

    @Option(names = "--json", description = "print the report as JSON")
    private boolean json;

    private final boolean command;

    private Main(boolean command) {
        this.command = command;
    }

    /// Runs the kit.
    public static void main(String[] arguments) {
        System.exit(new CommandLine(new Main(List.of(arguments).contains("--")))
                .setExitCodeExceptionMapper(bug -> CANNOT_RUN)
                .execute(arguments));
    }

    @Override
    public Integer call() throws InterruptedException {
        var wanted = Stream.of(Level.values())
                .filter(one -> one.word().equals(level.toLowerCase(Locale.ROOT)))
                .findFirst();
        if (wanted.isEmpty() || ready < 1 || port < 1 || port > 65_535) {
            System.err.println(
                    wanted.isEmpty()
                            ? "--level: expected joins, holds or belongs"
                            : "--ready, --port: expected a positive number");
            return BAD_SETTINGS;
        }
        try (var examined = open()) {
            // However this ends, nothing of it stays.
            Runtime.getRuntime().addShutdownHook(new Thread(examined::close));
            var address = examined instanceof ContainerTarget container
                    ? container.gateway()
                    : InetAddress.getLoopbackAddress();
            try (var platform = PlayedPlatform.open(address, secrets)) {
                var script = new Examination.Script(Duration.ofSeconds(ready), BEAT, say, slow, ask);
                var report = new Examination(examined, platform, script, json ? line -> {} : System.err::println).run();
                System.out.println(json ? Json.text(report.json()) : report.text());
                return report.reaches(wanted.get()) ? 0 : NOT_REACHED;
            }
        } catch (IOException cannot) {
            System.err.println(cannot.getMessage());
            return CANNOT_RUN;
        }
    }

    private Target open() throws IOException, InterruptedException {
        var first = target.getFirst();
        if (command || target.size() > 1 || isProgram(first)) {
            return new CommandTarget(
                    String.join(" ", target),
                    target.stream().map(Main::fromHere).toList());
        }
        return first.matches("https?://\\S+") ? bridged(first) : new ContainerTarget(first, port, "");
    }

    private static boolean isProgram(String word) {
        return word.contains("/") && Files.isRegularFile(Path.of(word)) && Files.isExecutable(Path.of(word));
    }

    /// The same for somebody in another directory: what is a file here is given by its whole path.
    private static String fromHere(String word) {
        try {
            return Files.isRegularFile(Path.of(word))
                    ? Path.of(word).toAbsolutePath().toString()
                    : word;
        } catch (InvalidPathException text) {
            return word;
        }
    }

    /// Our agent's bridge, as whoever has only an A2A server would use it.
    private static Target bridged(String url) throws IOException {
        var jar = System.getProperty("molecule.agent.jar", "");
        if (jar.isEmpty()) {
            throw new IOException(
                    "expected -Dmolecule.agent.jar: the bridge is our agent's; ./molecule conformance sets it");
        }
        var command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:+UseSerialGC", "-jar", jar));
        command.addAll(List.of("bridge", "{platform}", "--token", "{enrolment}", "--state", "{state}", "--to", url));
        return new CommandTarget(url, command);
    }
}
