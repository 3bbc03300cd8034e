package ai.molecule.platform;

import ai.molecule.platform.registry.GuardedNames;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;

/// The platform as a program: reads its settings, builds the house, says where it is, and stays until it is
/// told to stop.
public final class Main {

    private static final int BAD_SETTINGS = 64;
    private static final int CANNOT_START = 69;
    private static final int IN_USE = 73;

    private Main() {}

    /// Runs until SIGINT or SIGTERM.
    public static void main(String[] arguments) throws InterruptedException {
        // The buffers of every open stream to an agent; the default of 16 KiB is for downloads.
        System.setProperty("jdk.httpclient.bufsize", "4096");
        System.exit(run());
    }

    private static int run() throws InterruptedException {
        var began = System.nanoTime();
        GuardedNames.keepNoAnswers();
        try {
            var settings = Settings.read(EnvFile.under(System.getenv(), Path.of(".env")));
            Logging.configure(settings.jsonLog());
            var house = House.build(settings, agentJar(), House.Knobs.REAL);
            if (Boolean.getBoolean("molecule.rehearsal")) {
                Rehearsal.of(house);
                return 0;
            }
            var stopped = new CountDownLatch(1);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                house.close();
                stopped.countDown();
            }));
            greet(settings, house, (System.nanoTime() - began) / 1_000_000);
            stopped.await();
            return 0;
        } catch (Settings.BadSettingsException bad) {
            System.err.println("The settings are wrong:");
            bad.faults().forEach(fault -> System.err.println("  " + fault));
            System.err.println("docs/settings.md lists them all.");
            return BAD_SETTINGS;
        } catch (DataDirectory.InUseException second) {
            System.err.println(second.getMessage());
            System.err.println("Stop it first, or choose another directory: DATA_DIR=<directory>");
            return IN_USE;
        } catch (IOException | RuntimeException | ai.molecule.platform.backend.BackendException failed) {
            System.err.println("The platform cannot start: " + rootMessage(failed));
            return CANNOT_START;
        }
    }

    private static void greet(Settings settings, House house, long milliseconds) {
        var token = settings.adminToken().isPresent()
                ? "from ADMIN_TOKEN"
                : settings.dataDirectory()
                        .toAbsolutePath()
                        .normalize()
                        .resolve("admin-token")
                        .toString();
        System.out.println("Molecule is up after " + milliseconds + " ms.");
        System.out.println("  Canvas       " + house.signInLink() + "   (signs you in once, within the hour)");
        System.out.println("  Admin token  " + token);
        System.out.println("  Backend      " + house.backendShown());
        System.out.println("  Next         ./molecule demo   in another terminal brings agents to the canvas");
        System.out.println("  Stop         Ctrl-C");
        System.out.flush();
    }

    /// The agent's jar: given by the script that starts us, or beside the platform in the source tree.
    private static Path agentJar() {
        return Path.of(System.getProperty("molecule.agent.jar", "agent/target/molecule-agent-0.1.0-all.jar"))
                .toAbsolutePath();
    }

    private static String rootMessage(Throwable failure) {
        var text = new StringBuilder(String.valueOf(failure.getMessage()));
        for (var cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            text.append(": ").append(cause.getMessage());
        }
        return text.toString();
    }
}
