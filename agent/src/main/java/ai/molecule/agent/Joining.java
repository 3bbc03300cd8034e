package ai.molecule.agent;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/// What every command that joins an organisation needs to know, and how it does.
final class Joining {

    static final int IN_USE = 73;

    @Option(
            names = "--platform",
            paramLabel = "<url>",
            description = "the platform's address; needed the first time",
            defaultValue = "${env:PLATFORM_URL}")
    private String platform = "";

    @Option(
            names = "--token",
            paramLabel = "<enrolment>",
            description = "the enrolment that the platform gave for this agent; needed the first time",
            defaultValue = "${env:MOLECULE_ENROLMENT}")
    private String token = "";

    @Option(
            names = "--state",
            paramLabel = "<directory>",
            description = "where this agent keeps its own token (default: ~/.molecule/agent)")
    private Path state = Path.of(System.getProperty("user.home"), ".molecule", "agent");

    @Option(names = "--name", description = "the name on its card")
    private String name = "";

    private Joining() {}

    /// Joins, and stays.
    ///
    /// @param address where the platform is, if it was said in another way
    /// @return the exit code
    int run(String address, RemoteAgent.Training training) throws InterruptedException {
        try {
            var home = new StateDirectory(state).made();
            if (!home.take()) {
                return fail(
                        IN_USE, "another agent runs on " + state + "; give this one a directory of its own: --state");
            }
            var member = home.membership();
            var at = address.isEmpty() ? platform : address;
            if (at.isEmpty() && member.isEmpty()) {
                return fail(Main.BAD_SETTINGS, "where is the platform? Give its address the first time");
            }
            if (!home.hasCredential() && token.isEmpty()) {
                return fail(
                        Main.BAD_SETTINGS,
                        "who is this? Give the enrolment the first time: --token. The canvas shows one under \"Connect an"
                                + " agent\", and POST /workspaces with \"runtime\": \"external\" answers one");
            }
            var base = at.isEmpty() ? member.orElseThrow().platform() : base(at);
            var elsewhere =
                    member.filter(known -> !known.platform().equals(base)).isPresent();
            if (elsewhere && !token.isEmpty()) {
                home.keep(token);
            }
            var code = stay(base, training);
            if (code == Main.REFUSED && !token.isEmpty() && !home.credential().equals(token)) {
                System.out.println("the token kept in " + state + " is not good any more; using the enrolment");
                home.keep(token);
                code = stay(base, training);
            }
            return code;
        } catch (IllegalArgumentException | IOException bad) {
            return fail(Main.BAD_SETTINGS, String.valueOf(bad.getMessage()));
        }
    }

    private static URI base(String text) {
        if (!text.matches("https?://[^/ ]+.*")) {
            throw new IllegalArgumentException("expected http://host or https://host, but found " + text);
        }
        return URI.create(text.endsWith("/") ? text : text + "/");
    }

    private int stay(URI base, RemoteAgent.Training training) throws InterruptedException, IOException {
        try (var agent = RemoteAgent.joining(base)
                .state(state)
                .enrolment(token)
                .named(name)
                .start(training)) {
            return agent.awaitEnd();
        }
    }

    private static int fail(int code, String why) {
        System.err.println("molecule agent: " + why);
        return code;
    }
}
