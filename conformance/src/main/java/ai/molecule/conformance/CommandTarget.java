package ai.molecule.conformance;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// A command, run as the process backend runs one.
final class CommandTarget implements Target {

    private static final int LAST_WORDS_MAX = 2000;

    private final List<String> command;
    private final String name;
    private final Path home;
    private @Nullable Process process;

    /// @param name what it is, for people
    CommandTarget(String name, List<String> command) throws IOException {
        this.name = name;
        this.command = List.copyOf(command);
        this.home = Files.createTempDirectory("conformance-");
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public void start(PlayedPlatform platform, String enrolment) throws IOException {
        var configs = Files.createDirectories(home.resolve("configs"));
        var work = Files.createDirectories(home.resolve("workspace"));
        // A command that is told its enrolment needs no file.
        if (!enrolment.isEmpty() && !command.contains("{enrolment}")) {
            var credential = configs.resolve(".auth_token");
            Files.deleteIfExists(credential);
            Files.createFile(
                    credential, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(credential, enrolment);
        }
        var words = new ArrayList<String>();
        for (var word : command) {
            words.add(word.replace("{platform}", platform.url().toString())
                    .replace("{enrolment}", platform.enrolment())
                    .replace("{state}", configs.toString()));
        }
        var builder = new ProcessBuilder(words)
                .directory(work.toFile())
                .redirectErrorStream(true)
                .redirectOutput(home.resolve("log").toFile());
        var environment = builder.environment();
        environment.clear();
        environment.putAll(platform.secrets());
        environment.put("PATH", System.getenv().getOrDefault("PATH", "/usr/local/bin:/usr/bin:/bin"));
        environment.put("LANG", "C.UTF-8");
        environment.putAll(Map.of(
                "HOME",
                work.toString(),
                "WORKSPACE_ID",
                platform.workspace().toString(),
                "WORKSPACE_CONFIG_PATH",
                configs.toString(),
                "PLATFORM_URL",
                platform.url().toString(),
                "MOLECULE_URL",
                platform.url().toString(),
                "HOST",
                "127.0.0.1",
                "PORT",
                String.valueOf(freePort())));
        process = builder.start();
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    @Override
    public URI reachable(URI registered) {
        return registered;
    }

    @Override
    public boolean alive() {
        return process != null && process.isAlive();
    }

    @Override
    public boolean stop(Duration patience) throws InterruptedException {
        if (process == null) {
            return true;
        }
        process.destroy();
        return awaitEnd(patience);
    }

    @Override
    public boolean awaitEnd(Duration patience) throws InterruptedException {
        return process == null || process.waitFor(patience.toNanos(), TimeUnit.NANOSECONDS);
    }

    @Override
    public String lastWords() {
        try {
            var log = new String(Files.readAllBytes(home.resolve("log")), StandardCharsets.UTF_8);
            return log.substring(Math.max(0, log.length() - LAST_WORDS_MAX)).strip();
        } catch (IOException none) {
            return "";
        }
    }

    @Override
    public void close() {
        var ending = process;
        if (ending != null) {
            ending.descendants().forEach(ProcessHandle::destroyForcibly);
            ending.destroyForcibly().onExit().join();
        }
        Directories.delete(home);
    }
}
