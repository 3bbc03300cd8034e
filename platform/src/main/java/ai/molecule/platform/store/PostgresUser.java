package ai.molecule.platform.store;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserPrincipal;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// As whom PostgreSQL runs: it refuses root. Root therefore runs it in a user namespace of its own, or, where
/// those are forbidden, as the user `nobody`. `setsid` keeps a terminal's Ctrl-C from reaching it before the
/// platform is done with it.
final class PostgresUser {

    private static final String NOBODY = "65534";

    private final List<String> prefix;
    private final @Nullable UserPrincipal owner;

    private PostgresUser(List<String> prefix, @Nullable UserPrincipal owner) {
        this.prefix = prefix;
        this.owner = owner;
    }

    static PostgresUser choose(Path home) throws IOException {
        if (!"root".equals(System.getProperty("user.name"))) {
            return new PostgresUser(List.of("setsid"), null);
        }
        if (succeeds("unshare", "-U", "true")) {
            return new PostgresUser(List.of("setsid", "unshare", "-U"), null);
        }
        var drop = List.of("setpriv", "--reuid=" + NOBODY, "--regid=" + NOBODY, "--clear-groups");
        var nobody = home.getFileSystem().getUserPrincipalLookupService().lookupPrincipalByName("nobody");
        Files.setOwner(home, nobody);
        var command = new ArrayList<>(drop);
        command.addAll(List.of("test", "-w", home.toString()));
        if (!succeeds(command.toArray(String[]::new))) {
            throw new IOException(
                    "Expected to run PostgreSQL without root's rights, but user namespaces are forbidden here and"
                            + " the user nobody cannot reach " + home
                            + "; start the platform as an ordinary user, set DATA_DIR to a directory others may enter, or set DATABASE_URL");
        }
        var all = new ArrayList<>(List.of("setsid"));
        all.addAll(drop);
        return new PostgresUser(List.copyOf(all), nobody);
    }

    /// The command that runs another command as this user.
    List<String> wrap(List<String> command) {
        var whole = new ArrayList<>(prefix);
        whole.addAll(command);
        return whole;
    }

    /// Gives a file to this user.
    void own(Path file) throws IOException {
        if (owner != null) {
            Files.setOwner(file, owner);
        }
    }

    private static boolean succeeds(String... command) throws IOException {
        try {
            var process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(5, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException noSuchProgram) {
            return false;
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
