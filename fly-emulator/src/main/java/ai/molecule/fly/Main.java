package ai.molecule.fly;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;

/// Runs the emulator until it is told to end.
public final class Main {

    private static final int BAD_SETTINGS = 78;
    private static final int CANNOT_START = 1;

    private static final String HELP = """
            Emulates Fly's Machines API (https://fly.io/docs/machines/api/) on this machine. Settings are environment variables:

              PORT          where the API listens (4280)
              PROXY_PORT    where the public address of its apps listens (4281)
              HOST          the address to listen at (127.0.0.1)
              APPS          the apps there are, as name@organisation, with commas (agents@acme)
              TOKENS        who may call, as token=kind, with commas; a kind is deploy:<app>, org:<organisation>,
                            read:<organisation> or expired:<organisation> (fm2_emulator=org:acme)
              TIMINGS       real or quick: how long machines take from state to state (real)
              RATE_LIMITS   on or off: one call a second for each action and machine, as Fly's (on)
              RUN           what a machine runs, a command; empty for nothing (set by ./molecule fly-emulator: our agent)
              DATA_DIR      where roots and volumes of machines that run are kept (a new one below the temporary directory)

            What goes wrong on purpose: POST /_emulator/faults; see docs/fly-emulator.md.""";

    private Main() {}

    /// Starts it.
    ///
    /// @param arguments `--help`, or nothing
    public static void main(String[] arguments) throws InterruptedException {
        if (arguments.length > 0) {
            System.out.println(HELP);
            System.exit(arguments[0].matches("-h|--help|help") ? 0 : BAD_SETTINGS);
        }
        try {
            var options = options(System.getenv());
            var emulator = FlyEmulator.open(options);
            var over = new CountDownLatch(1);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                emulator.close();
                over.countDown();
            }));
            System.out.println(greeting(emulator, options));
            over.await();
        } catch (IllegalArgumentException bad) {
            System.err.println(bad.getMessage());
            System.exit(BAD_SETTINGS);
        } catch (IOException failed) {
            System.err.println("The emulator cannot start: " + failed.getMessage());
            System.exit(CANNOT_START);
        }
    }

    private static String greeting(FlyEmulator emulator, FlyEmulator.Options options) {
        var app = options.apps().keySet().stream().sorted().findFirst().orElse("");
        var token = options.tokens().entrySet().stream()
                .filter(one -> one.getValue().writes() && !one.getValue().expired())
                .map(Map.Entry::getKey)
                .findFirst()
                .orElse("");
        return """
                Fly's Machines API, emulated, at %s
                  machines %s
                  to use it:
                    FLY_FLAPS_BASE_URL=%s FLY_API_BASE_URL=%s FLY_APP_URL=%s FLY_API_TOKEN=%s FLY_WORKSPACE_APP=%s""".formatted(
                        emulator.url(),
                        options.program()
                                .map(program -> "run `" + String.join(" ", program.command()) + "`")
                                .orElse("have nothing behind them"),
                        emulator.url(),
                        emulator.url(),
                        emulator.publicUrl(),
                        token,
                        app);
    }

    static FlyEmulator.Options options(Map<String, String> environment) throws IOException {
        var faults = new ArrayList<String>();
        var reader = new Reader(environment, faults);
        var run = environment.getOrDefault("RUN", "").strip();
        var options = new FlyEmulator.Options(
                environment.getOrDefault("HOST", "127.0.0.1"),
                reader.port("PORT", 4280),
                reader.port("PROXY_PORT", 4281),
                reader.apps(environment.getOrDefault("APPS", "agents@acme")),
                reader.tokens(environment.getOrDefault("TOKENS", "fm2_emulator=org:acme")),
                reader.choice("TIMINGS", List.of("real", "quick")).equals("real") ? Timings.REAL : Timings.QUICK,
                reader.choice("RATE_LIMITS", List.of("on", "off")).equals("on"),
                Optional.empty(),
                InstantSource.tick(InstantSource.system(), Duration.ofMillis(1)));
        if (!faults.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", faults));
        }
        return run.isEmpty()
                ? options
                : options.running(new FlyEmulator.Program(List.of(run.split("\\s+", -1)), directory(environment)));
    }

    private static Path directory(Map<String, String> environment) throws IOException {
        var named = environment.getOrDefault("DATA_DIR", "");
        return named.isEmpty()
                ? Files.createTempDirectory("fly-emulator-")
                : Path.of(named).toAbsolutePath();
    }

    /// Reads settings, and collects what is wrong with them.
    private record Reader(Map<String, String> environment, List<String> faults) {

        int port(String name, int standard) {
            var text = environment.getOrDefault(name, String.valueOf(standard));
            if (!text.matches("[0-9]{1,5}") || Integer.parseInt(text) > 65_535) {
                faults.add(name + ": expected a number from 0 to 65535, but found " + text);
                return standard;
            }
            return Integer.parseInt(text);
        }

        String choice(String name, List<String> words) {
            var text = environment.getOrDefault(name, words.getFirst());
            if (!words.contains(text)) {
                faults.add(name + ": expected one of " + words + ", but found " + text);
            }
            return text;
        }

        Map<String, String> apps(String text) {
            var apps = new HashMap<String, String>();
            for (var one : text.split(",", -1)) {
                var at = one.indexOf('@');
                if (at <= 0 || at == one.length() - 1) {
                    faults.add("APPS: expected name@organisation, but found " + one);
                } else {
                    apps.put(one.substring(0, at).strip(), one.substring(at + 1).strip());
                }
            }
            return apps;
        }

        Map<String, Credential> tokens(String text) {
            var tokens = new HashMap<String, Credential>();
            var apps = apps(environment.getOrDefault("APPS", "agents@acme"));
            for (var one : text.split(",", -1)) {
                var equals = one.indexOf('=');
                var kind = equals < 0 ? "" : one.substring(equals + 1).strip();
                var what = kind.substring(kind.indexOf(':') + 1);
                var credential = switch (kind.replaceFirst(":.*", "")) {
                    case "deploy" -> Credential.deploy(apps.getOrDefault(what, ""), what);
                    case "org" -> Credential.organisation(what);
                    case "read" -> Credential.readOnly(what);
                    case "expired" -> Credential.expired(what);
                    default -> null;
                };
                if (credential == null) {
                    faults.add("TOKENS: expected token=kind:name with deploy, org, read or expired, but found " + one);
                } else {
                    tokens.put(one.substring(0, equals).strip(), credential);
                }
            }
            return tokens;
        }
    }
}
