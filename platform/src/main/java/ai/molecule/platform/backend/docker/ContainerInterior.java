package ai.molecule.platform.backend.docker;

import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.BackendRefusedException;
import ai.molecule.platform.backend.Interior;
import ai.molecule.protocol.WorkspaceId;
import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.model.Frame;
import com.github.dockerjava.api.model.Statistics;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks into containers. Commands inside run as the agent's user, with its rights and no more; they are lists
/// of words, never lines for a shell.
final class ContainerInterior implements Interior {

    private static final Logger LOG = LoggerFactory.getLogger(ContainerInterior.class);
    private static final int LINES_WAITING_MAX = 4096;
    private static final int LINE_LENGTH_MAX = 16 * 1024;
    private static final int ENTRIES_MAX = 5000;
    private static final long SILENCE_SECONDS = 15;
    private static final int TYPED_WAITING_MAX = 64 * 1024;
    private static final long START_NANOS = 1_000_000_000L;

    /// What `ls -lAn` writes, in busybox and coreutils alike.
    private static final Pattern LISTED =
            Pattern.compile("([-dlpscb])\\S+\\s+\\d+\\s+\\d+\\s+\\d+\\s+(\\d+)\\s+\\w+\\s+\\d+\\s+[\\d:]+\\s(.+)");

    /// Ends every process that has a mark in its environment.
    private static final String KILL_MARKED = """
            for process in /proc/[0-9]*; do
              if grep -q "$1" "$process/environ" 2>/dev/null; then kill -9 "${process#/proc/}"; fi
            done
            true
            """;

    private final Engine engine;
    private final Containers containers;
    private final Shelf shelf;

    ContainerInterior(Engine engine, Containers containers, Shelf shelf) {
        this.engine = engine;
        this.containers = containers;
        this.shelf = shelf;
    }

    @Override
    public void follow(WorkspaceId workspace, int last, Lines lines) throws BackendException, IOException {
        var container = containers.newest(workspace).getId();
        var waiting = new ArrayBlockingQueue<String>(LINES_WAITING_MAX);
        var ended = new AtomicReference<@Nullable String>();
        try (var callback = new LineSplitter(waiting, ended)) {
            engine.client()
                    .logContainerCmd(container)
                    .withStdOut(true)
                    .withStdErr(true)
                    .withFollowStream(true)
                    .withTail(last)
                    .exec(callback);
            while (true) {
                var line = waiting.poll(ended.get() == null ? SILENCE_SECONDS : 0, TimeUnit.SECONDS);
                if (line != null) {
                    lines.line(line);
                } else if (ended.get() != null) {
                    return;
                } else {
                    lines.silence();
                }
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public List<Entry> entries(WorkspaceId workspace, String directory) throws BackendException {
        var listing = containers.run(containers.running(workspace), "ls", "-lAn", "--", directory + "/");
        var entries = new ArrayList<Entry>();
        for (var line : listing.lines().toList()) {
            var listed = LISTED.matcher(line);
            if (listed.matches() && entries.size() < ENTRIES_MAX) {
                var isDirectory = listed.group(1).equals("d");
                entries.add(new Entry(
                        listed.group(3).replaceFirst(listed.group(1).equals("l") ? " -> .*" : "$^", ""),
                        isDirectory,
                        isDirectory ? 0 : Long.parseLong(listed.group(2))));
            }
        }
        return entries;
    }

    @Override
    public byte[] read(WorkspaceId workspace, String file) throws BackendException {
        return shelf.read(containers.newest(workspace).getId(), file, FILE_BYTES_MAX);
    }

    @Override
    public void write(WorkspaceId workspace, String file, byte[] content) throws BackendException {
        var slash = file.lastIndexOf('/');
        shelf.put(containers.newest(workspace).getId(), file.substring(0, slash), file.substring(slash + 1), content);
    }

    @Override
    public void delete(WorkspaceId workspace, String file) throws BackendException {
        containers.run(containers.running(workspace), "rm", "--", file);
    }

    @Override
    public Usage usage(WorkspaceId workspace) throws BackendException {
        var container = containers.running(workspace);
        var heard = new AtomicReference<@Nullable Statistics>();
        engine.ask(
                "measure " + container,
                () -> engine.client()
                        .statsCmd(container)
                        .withNoStream(true)
                        .exec(new ResultCallback.Adapter<Statistics>() {
                            @Override
                            public void onNext(Statistics statistics) {
                                heard.set(statistics);
                            }
                        })
                        .awaitCompletion());
        return usage(heard.get());
    }

    /// The engine gives two samples; the cache of files, which the kernel takes back at need, is not counted.
    private static Usage usage(@Nullable Statistics told) throws BackendException {
        if (told == null || told.getMemoryStats() == null || told.getCpuStats() == null) {
            throw new BackendException("Expected figures of the container, but the engine gave none");
        }
        var memory = told.getMemoryStats();
        var detail = memory.getStats();
        var cache = detail == null
                ? 0
                : Objects.requireNonNullElse(
                        detail.getInactiveFile(), Objects.requireNonNullElse(detail.getTotalInactiveFile(), 0L));
        var used = Objects.requireNonNullElse(memory.getUsage(), 0L) - cache;
        return new Usage(
                cpus(told),
                Math.max(0, used),
                Objects.requireNonNullElse(memory.getLimit(), 0L),
                told.getPidsStats() == null
                        ? 0
                        : Math.toIntExact(
                                Objects.requireNonNullElse(told.getPidsStats().getCurrent(), 0L)));
    }

    private static double cpus(Statistics told) {
        var now = told.getCpuStats();
        var before = told.getPreCpuStats();
        if (now.getCpuUsage() == null || before == null || before.getCpuUsage() == null) {
            return 0;
        }
        var used = Objects.requireNonNullElse(now.getCpuUsage().getTotalUsage(), 0L)
                - Objects.requireNonNullElse(before.getCpuUsage().getTotalUsage(), 0L);
        var system = Objects.requireNonNullElse(now.getSystemCpuUsage(), 0L)
                - Objects.requireNonNullElse(before.getSystemCpuUsage(), 0L);
        var count = Objects.requireNonNullElse(now.getOnlineCpus(), 1L);
        return system <= 0 ? (double) used / START_NANOS : (double) used / system * count;
    }

    @Override
    public Terminal open(WorkspaceId workspace, int columns, int rows, Screen screen) throws BackendException {
        var container = containers.running(workspace);
        var mark = "MOLECULE_TERMINAL=" + UUID.randomUUID();
        var shell = engine.ask(
                "make a terminal",
                () -> engine.client()
                        .execCreateCmd(container)
                        .withCmd("sh", "-l")
                        .withEnv(List.of("TERM=xterm-256color", "PS1=$PWD $ ", mark))
                        .withAttachStdin(true)
                        .withAttachStdout(true)
                        .withAttachStderr(true)
                        .withTty(true)
                        .exec());
        try {
            var typed = new PipedOutputStream();
            var input = new PipedInputStream(typed, TYPED_WAITING_MAX);
            var output = new Output(screen);
            engine.client()
                    .execStartCmd(shell.getId())
                    .withTty(true)
                    .withStdIn(input)
                    .exec(output);
            var terminal = new Shell(workspace, mark, shell.getId(), typed, output);
            try {
                terminal.resize(columns, rows);
            } catch (BackendException failed) {
                terminal.close();
                throw failed;
            }
            return terminal;
        } catch (IOException cannotHappen) {
            throw new BackendException("Expected a terminal, but: " + cannotHappen.getMessage(), cannotHappen);
        }
    }

    /// Cuts what comes into lines; whoever does not listen fast enough holds the engine back.
    private static final class LineSplitter extends ResultCallback.Adapter<Frame> {

        private final BlockingQueue<String> lines;
        private final AtomicReference<@Nullable String> ended;
        private final ByteArrayOutputStream line = new ByteArrayOutputStream();

        LineSplitter(BlockingQueue<String> lines, AtomicReference<@Nullable String> ended) {
            this.lines = lines;
            this.ended = ended;
        }

        @Override
        public void onNext(Frame frame) {
            for (byte one : frame.getPayload()) {
                if (one == '\n' || line.size() >= LINE_LENGTH_MAX) {
                    push();
                }
                if (one != '\n' && one != '\r') {
                    line.write(one);
                }
            }
        }

        private void push() {
            try {
                lines.put(line.toString(StandardCharsets.UTF_8));
                line.reset();
            } catch (InterruptedException closing) {
                Thread.currentThread().interrupt();
            }
        }

        @Override
        public void onComplete() {
            if (line.size() > 0) {
                push();
            }
            ended.compareAndSet(null, "ended");
            super.onComplete();
        }

        @Override
        public void onError(Throwable failure) {
            ended.compareAndSet(null, String.valueOf(failure.getMessage()));
            super.onError(failure);
        }
    }

    /// A shell's output on its way to a screen.
    private static final class Output extends ResultCallback.Adapter<Frame> {

        private final Screen screen;

        Output(Screen screen) {
            this.screen = screen;
        }

        @Override
        public void onNext(Frame frame) {
            try {
                screen.show(frame.getPayload());
            } catch (IOException nobodyThere) {
                // Whoever opened the terminal closes it too; until then its output goes nowhere.
                LOG.debug("Nobody is in front of a terminal any more", nobodyThere);
            }
        }

        @Override
        public void onComplete() {
            screen.ended();
            super.onComplete();
        }

        @Override
        public void onError(Throwable failure) {
            screen.ended();
            super.onError(failure);
        }
    }

    private final class Shell implements Terminal {

        /// Interrupt, a line that ends a shell, end of input: an exec cannot be killed from outside.
        private static final byte[] GOODBYE = {3, '\n', 'e', 'x', 'i', 't', '\n', 4};

        private static final long GOODBYE_SECONDS = 1;

        private final WorkspaceId workspace;
        private final String mark;
        private final String exec;
        private final PipedOutputStream typed;
        private final Output output;

        Shell(WorkspaceId workspace, String mark, String exec, PipedOutputStream typed, Output output) {
            this.workspace = workspace;
            this.mark = mark;
            this.exec = exec;
            this.typed = typed;
            this.output = output;
        }

        @Override
        public void type(byte[] input) throws IOException {
            typed.write(input);
            typed.flush();
        }

        @Override
        public void resize(int columns, int rows) throws BackendException {
            try {
                engine.ask(
                        "resize a terminal",
                        () -> engine.client()
                                .resizeExecCmd(exec)
                                .withSize(rows, columns)
                                .exec());
            } catch (BackendRefusedException notYetOrNotAnyMore) {
                // A shell that just ended has no window; one that just began gets its size with the next
                // change.
            }
        }

        @Override
        public void close() {
            Thread.ofVirtual().name("terminal-end").start(this::end);
        }

        /// Says goodbye; what does not listen to that is killed.
        private void end() {
            try (output) {
                type(GOODBYE);
                typed.close();
                if (!output.awaitCompletion(GOODBYE_SECONDS, TimeUnit.SECONDS)) {
                    containers.run(containers.running(workspace), "sh", "-c", KILL_MARKED, "sh", mark);
                    output.awaitCompletion(GOODBYE_SECONDS, TimeUnit.SECONDS);
                }
            } catch (IOException | BackendException | RuntimeException alreadyEnded) {
                LOG.debug("A terminal had ended before it was closed", alreadyEnded);
            } catch (InterruptedException stopping) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
