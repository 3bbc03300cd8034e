package ai.molecule.agent;

import ai.molecule.agent.uplink.Addresses;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Network;
import ai.molecule.protocol.WorkspaceId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// What every command that joins an organisation needs to know, and how it does.
final class Joining {

    static final int IN_USE = 73;

    private static final Duration JOIN_PATIENCE = Duration.ofSeconds(64);

    @Option(
            names = "--platform",
            paramLabel = "<url>",
            description = "the platform's address, or several with commas; needed the first time",
            defaultValue = "${env:PLATFORM_URL}")
    private String platform = "";

    @Option(
            names = "--token",
            paramLabel = "<enrolment>",
            description =
                    "the enrolment that the platform gave for this agent; needed the first time. In a pipeline: a join"
                            + " key, or the identity token of its CI",
            defaultValue = "${env:" + RemoteAgent.ENROLMENT + "}")
    private String token = "";

    @Option(
            names = "--state",
            paramLabel = "<directory>",
            description = "where this agent keeps its own token (default: ~/.molecule/agent; in a pipeline a new one)")
    private @Nullable Path state;

    @Option(names = "--name", description = "the name on its card")
    private String name = "";

    @Option(
            names = "--key",
            paramLabel = "<text>",
            description = "in a pipeline: by which this run is known again (default: what its CI calls it)")
    private String key = "";

    @Option(
            names = "--label",
            paramLabel = "<name>=<text>",
            description =
                    "in a pipeline: what people want to know of this run; repo, branch, commit and run_url are known")
    private Map<String, String> labels = new LinkedHashMap<>();

    @Option(
            names = "--ttl",
            paramLabel = "<time>",
            description =
                    "in a pipeline: how long this run may last, such as 90s, 30m or 2h (default: what the rule says)")
    private String ttl = "";

    private Joining() {}

    /// Joins, and stays.
    ///
    /// @param address where the platform is, if it was said in another way
    /// @return the exit code
    int run(String address, RemoteAgent.Training training) throws InterruptedException {
        return run(address, training, RemoteAgent::awaitEnd);
    }

    /// What is done once an agent begins to join.
    interface Stay {
        /// Does it.
        ///
        /// @return the exit code
        int with(RemoteAgent agent) throws InterruptedException, IOException;
    }

    /// Joins, for as long as something takes.
    int run(String address, RemoteAgent.Training training, Stay stay) throws InterruptedException {
        try {
            var run = Pipeline.admits(token);
            var home = new StateDirectory(run && state == null ? Files.createTempDirectory("molecule-run-") : place())
                    .made();
            if (!home.take()) {
                return fail(
                        IN_USE,
                        "another agent runs on " + home.path() + "; give this one a directory of its own: --state");
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
            var base = at.isEmpty() ? member.orElseThrow().platform() : Addresses.of(at);
            if (run) {
                joinAsRun(base, home);
            }
            return run ? stay(base, home, leaving(training), stay) : enrolled(base, home, member, training, stay);
        } catch (PlatformLine.RefusedException refused) {
            return fail(Main.REFUSED, String.valueOf(refused.getMessage()));
        } catch (IllegalArgumentException | DateTimeException | IOException bad) {
            return fail(Main.BAD_SETTINGS, String.valueOf(bad.getMessage()));
        }
    }

    private int enrolled(
            Addresses base,
            StateDirectory home,
            Optional<StateDirectory.Membership> member,
            RemoteAgent.Training training,
            Stay stay)
            throws InterruptedException, IOException {
        var elsewhere = member.filter(known -> !known.platform().equals(base)).isPresent();
        if (elsewhere && !token.isEmpty()) {
            home.keep(token);
        }
        var code = stay(base, home, training, stay);
        if (code == Main.REFUSED && !token.isEmpty() && !home.credential().equals(token)) {
            System.out.println("the token kept in " + home.path() + " is not good any more; using the enrolment");
            home.keep(token);
            return stay(base, home, training, stay);
        }
        return code;
    }

    /// Shows what the pipeline was given, until it is let in or refused.
    private void joinAsRun(Addresses base, StateDirectory home) throws IOException, InterruptedException {
        var pipeline = Pipeline.of(System.getenv());
        var line = new PlatformLine(base, Network.of(System.getenv()));
        line.use(token);
        var application = pipeline.application(name);
        if (!key.isEmpty()) {
            application.put("external_key", key);
        }
        if (!ttl.isEmpty()) {
            application.put(
                    "ttl", Duration.parse("PT" + ttl.toUpperCase(Locale.ROOT)).toSeconds());
        }
        labels.forEach(application.withObject("labels")::put);
        for (var pause = Duration.ofMillis(500); ; pause = pause.multipliedBy(2)) {
            try {
                var joined = line.join(application);
                home.keep(joined.path("auth_token").asText());
                home.remember(new StateDirectory.Membership(
                        base,
                        WorkspaceId.parse(joined.path("workspace_id").asText()).orElseThrow()));
                System.out.println(
                        "joined as workspace " + joined.path("workspace_id").asText() + ", until "
                                + joined.path("expires_at").asText());
                return;
            } catch (PlatformLine.RefusedException refused) {
                if (refused.status() != 409 && refused.status() != 429 && refused.status() < 500) {
                    throw refused;
                }
                wait(refused, pause);
            } catch (IOException unreachable) {
                wait(unreachable, pause);
            }
        }
    }

    private static void wait(IOException why, Duration pause) throws IOException, InterruptedException {
        if (pause.compareTo(JOIN_PATIENCE) > 0) {
            throw why;
        }
        System.out.println("not joined yet: " + why.getMessage() + "; trying again in " + pause);
        Thread.sleep(pause);
    }

    private Path place() {
        return state == null ? StateDirectory.usual() : state;
    }

    /// A run that is stopped from outside leaves, so that nobody waits for it.
    private static RemoteAgent.Training leaving(RemoteAgent.Training training) {
        return (line, secrets, place) -> {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                try {
                    line.leave(Json.object().put("result", "stopped"));
                } catch (IOException gone) {
                    System.err.println("did not leave: " + gone.getMessage());
                } catch (InterruptedException ending) {
                    Thread.currentThread().interrupt();
                }
            }));
            return training.of(line, secrets, place);
        };
    }

    private int stay(Addresses base, StateDirectory home, RemoteAgent.Training training, Stay stay)
            throws InterruptedException, IOException {
        try (var agent = RemoteAgent.joining(base)
                .state(home.path())
                .enrolment(token)
                .named(name)
                .start(training)) {
            return stay.with(agent);
        }
    }

    private static int fail(int code, String why) {
        System.err.println("molecule agent: " + why);
        return code;
    }
}
