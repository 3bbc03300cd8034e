package ai.molecule.agent.workbench;

import ai.molecule.protocol.McpServer;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/// Runs commands in a workspace's directory, confined to it ([Confined]). What a command started ends with it.
final class Shell {

    /// How long a command may take where nobody says.
    static final Duration PATIENCE = Duration.ofMinutes(1);

    /// How long one may take at most.
    static final Duration PATIENCE_MAX = Duration.ofMinutes(10);

    private static final int HEAD_MAX = 4_000;
    private static final int TAIL_MAX = 12_000;
    private static final Duration LAST_WORDS = Duration.ofSeconds(2);

    /// Those that run now: none outlives this process.
    private static final Set<Family> RUNNING = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> RUNNING.forEach(Family::end)));
    }

    private final Walls walls;

    Shell(Walls walls) {
        this.walls = walls;
    }

    /// A server that is a command, as it is to be started here.
    McpServer confined(McpServer server) {
        return new McpServer(
                server.name(), "", Map.of(), walls.command(server.command()), walls.environment(server.environment()));
    }

    /// Runs a command of `sh`, and tells what it wrote and how it ended.
    String run(String command, Duration patience) throws IOException, InterruptedException {
        var directory = Files.createDirectories(walls.directory());
        var family = new Family();
        var builder = new ProcessBuilder(walls.command(List.of("sh", "-c", command)))
                .directory(directory.toFile())
                .redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().putAll(walls.environment(family.environment()));
        RUNNING.add(family);
        var process = builder.start();
        try {
            process.getOutputStream().close();
            var heard = new Heard();
            // Reading a pipe holds a virtual thread's carrier.
            var listening = Thread.ofPlatform().daemon().name("shell").start(() -> heard.all(process.getInputStream()));
            var ended = process.waitFor(patience.toNanos(), TimeUnit.NANOSECONDS);
            // Not the process by itself: that would close what it wrote before it is read.
            family.end();
            listening.join(LAST_WORDS);
            return heard.text()
                    + (ended
                            ? "(exit code " + process.exitValue() + ")"
                            : "(ended after " + patience.toSeconds() + " s, which is as long as it might take)");
        } finally {
            family.end();
            process.destroyForcibly();
            RUNNING.remove(family);
        }
    }

    /// What a command wrote: its beginning and its end.
    private static final class Heard {

        private final byte[] head = new byte[HEAD_MAX];
        private final byte[] tail = new byte[TAIL_MAX];
        private long length;

        void all(InputStream in) {
            var bytes = new byte[8192];
            try {
                for (var n = in.read(bytes); n >= 0; n = in.read(bytes)) {
                    add(bytes, n);
                }
            } catch (IOException broken) {
                // It ends where it broke.
            }
        }

        private synchronized void add(byte[] bytes, int count) {
            for (int i = 0; i < count; i++) {
                if (length < HEAD_MAX) {
                    head[(int) length] = bytes[i];
                } else {
                    tail[(int) ((length - HEAD_MAX) % TAIL_MAX)] = bytes[i];
                }
                length++;
            }
        }

        synchronized String text() {
            var beyond = Math.max(0, length - HEAD_MAX);
            var kept = (int) Math.min(beyond, TAIL_MAX);
            var end = new byte[kept];
            for (int i = 0; i < kept; i++) {
                end[i] = tail[(int) ((beyond - kept + i) % TAIL_MAX)];
            }
            var left = beyond - kept;
            var text = new String(Arrays.copyOf(head, (int) Math.min(length, HEAD_MAX)), StandardCharsets.UTF_8)
                    + (left > 0 ? "\n… " + left + " bytes are left out …\n" : "")
                    + new String(end, StandardCharsets.UTF_8);
            return text.isEmpty() || text.endsWith("\n") ? text : text + "\n";
        }
    }
}
