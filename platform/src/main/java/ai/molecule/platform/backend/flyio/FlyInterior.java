package ai.molecule.platform.backend.flyio;

import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.Interior;
import ai.molecule.protocol.WorkspaceId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/// What is seen and done inside of machines, by commands that Fly runs in them; what they wrote comes from
/// Fly's log service.
final class FlyInterior implements Interior {

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration LOG_PACE = Duration.ofSeconds(1);
    private static final int NONE = 40;
    private static final int NO_FILE = 41;
    private static final int TOO_LONG = 42;

    private static final String LIST = """
            cd -- "$1" 2>/dev/null || exit 40
            for f in .[!.]* ..?* *; do
              if [ -d "$f" ]; then printf 'd 0 %s/\\n' "$f"
              elif [ -e "$f" ] || [ -L "$f" ]; then printf 'f %s %s/\\n' "$(stat -c %s -- "$f")" "$f"; fi
            done""";

    private static final String READ = """
            [ -e "$1" ] || exit 40; [ -f "$1" ] || exit 41
            [ "$(stat -c %s -- "$1")" -le "$2" ] || exit 42
            exec base64 < "$1\"""";

    private static final String WRITE = """
            [ -d "${1%/*}" ] || exit 40; [ ! -d "$1" ] || exit 41
            base64 -d > "$1.writing.$$" && mv -f -- "$1.writing.$$" "$1\"""";

    private static final String DELETE = """
            [ -e "$1" ] || [ -L "$1" ] || exit 40; [ ! -d "$1" ] || exit 41; exec rm -f -- "$1\"""";

    /// Processes, pages in memory, and ticks of processors now and a second later.
    private static final String MEASURE = """
            look() { cat /proc/[0-9]*/stat 2>/dev/null | sed 's/.*) //' | { t=0; r=0; n=0
              while read -r s a b c d e f g h i j u k l m p q v w x y rss z; do t=$((t + u + k)); r=$((r + rss)); n=$((n + v)); done; echo $n $r $t; }; }
            look; sleep 1; look""";

    private final Fly fly;
    private final FlyRoll roll;

    FlyInterior(Fly fly, FlyRoll roll) {
        this.fly = fly;
        this.roll = roll;
    }

    private String machine(WorkspaceId workspace) throws BackendException {
        return roll.machine(workspace)
                .orElseThrow(() ->
                        new BackendException("Expected a machine of workspace " + workspace + ", but Fly has none"));
    }

    /// The last lines, oldest first.
    List<String> tail(WorkspaceId workspace, int lines) {
        try {
            var machine = roll.machine(workspace);
            if (machine.isEmpty()) {
                return List.of();
            }
            var written = fly.written(machine.get(), Optional.empty()).lines();
            return written.subList(Math.max(0, written.size() - lines), written.size());
        } catch (FlyException away) {
            return List.of("(log not readable: " + away.getMessage() + ")");
        }
    }

    @Override
    public void follow(WorkspaceId workspace, int last, Lines lines) throws BackendException, IOException {
        var machine = machine(workspace);
        try {
            var written = fly.written(machine, Optional.empty());
            for (var line : written.lines()
                    .subList(
                            Math.max(0, written.lines().size() - last),
                            written.lines().size())) {
                lines.line(line);
            }
            while (roll.running(workspace) && !Thread.currentThread().isInterrupted()) {
                LockSupport.parkNanos(LOG_PACE.toNanos());
                written = fly.written(machine, Optional.of(written.next()));
                for (var line : written.lines()) {
                    lines.line(line);
                }
                if (written.lines().isEmpty()) {
                    lines.silence();
                }
            }
        } catch (FlyException failed) {
            throw failed.toBackend();
        }
    }

    private Fly.Executed run(WorkspaceId workspace, String script, String input, String... arguments)
            throws BackendException {
        var machine = machine(workspace);
        var command = Stream.concat(Stream.of("/bin/sh", "-c", script, "molecule"), Arrays.stream(arguments))
                .toList();
        try {
            return fly.exec(machine, command, input, PATIENCE);
        } catch (FlyException failed) {
            throw failed.toBackend();
        }
    }

    private Fly.Executed done(String path, Fly.Executed executed) throws BackendException {
        switch (executed.code()) {
            case 0 -> {}
            case NONE -> throw new BackendException("Expected " + path + ", but there is none");
            case NO_FILE -> throw new BackendException("Expected " + path + " to be a file, but it is a directory");
            case TOO_LONG ->
                throw new BackendException("Expected " + path + " to have at most " + FILE_BYTES_MAX + " bytes");
            default ->
                throw new BackendException("Expected to get at " + path + ", but: "
                        + executed.errors().strip());
        }
        return executed;
    }

    @Override
    public List<Entry> entries(WorkspaceId workspace, String directory) throws BackendException {
        var listed = done(directory, run(workspace, LIST, "", directory)).output();
        var entries = new ArrayList<Entry>();
        for (var line : listed.split("/\n", -1)) {
            var words = line.split(" ", 3);
            if (words.length == 3) {
                entries.add(new Entry(words[2], words[0].equals("d"), Long.parseLong(words[1])));
            }
        }
        return entries;
    }

    @Override
    public byte[] read(WorkspaceId workspace, String file) throws BackendException {
        var text = done(file, run(workspace, READ, "", file, String.valueOf(FILE_BYTES_MAX)))
                .output();
        return Base64.getMimeDecoder().decode(text.getBytes(StandardCharsets.US_ASCII));
    }

    @Override
    public void write(WorkspaceId workspace, String file, byte[] content) throws BackendException {
        done(file, run(workspace, WRITE, Base64.getEncoder().encodeToString(content), file));
    }

    @Override
    public void delete(WorkspaceId workspace, String file) throws BackendException {
        done(file, run(workspace, DELETE, "", file));
    }

    @Override
    public Usage usage(WorkspaceId workspace) throws BackendException {
        var measured =
                done("what it uses", run(workspace, MEASURE, "")).output().split("\\s+", -1);
        if (measured.length < 6) {
            throw new BackendException(
                    "Expected to measure the machine of workspace " + workspace + ", but it told nothing");
        }
        var ticks = Long.parseLong(measured[5]) - Long.parseLong(measured[2]);
        return new Usage(
                Math.max(0, ticks / 100.0),
                Long.parseLong(measured[4]) * 4096,
                limit(workspace),
                Integer.parseInt(measured[3]));
    }

    private long limit(WorkspaceId workspace) throws BackendException {
        try {
            var guest = fly.machine(machine(workspace)).detail().path("config").path("guest");
            return guest.path("memory_mb").asLong() << 20;
        } catch (FlyException failed) {
            throw failed.toBackend();
        }
    }

    @Override
    public Terminal open(WorkspaceId workspace, int columns, int rows, Screen screen) throws BackendException {
        throw new BackendException("Fly's Machines API opens no terminal; on your own machine: fly ssh console -a "
                + fly.app() + " --machine " + machine(workspace));
    }
}
