package ai.molecule.agent.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import ai.molecule.agent.Work;
import ai.molecule.agent.cli.Cli.Question;
import ai.molecule.agent.cli.Cli.Ready;
import ai.molecule.agent.cli.Hearing.Told;
import ai.molecule.agent.workbench.Family;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// One run of a program: a question in, what it says out, and nothing of it left behind.
final class CliRun {

    private static final int ERROR_LENGTH_MAX = 16_000;
    private static final Duration LAST_WORDS = Duration.ofSeconds(5);

    /// Those that run now: none outlives this process.
    private static final Set<Family> RUNNING = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> RUNNING.forEach(Family::end)));
    }

    private final Cli cli;
    private final Ready ready;
    private final Duration patience;
    private final Work work;
    private final Family family = new Family();

    /// @param patience how long it may take
    CliRun(Cli cli, Ready ready, Duration patience, Work work) {
        this.cli = cli;
        this.ready = ready;
        this.patience = patience;
        this.work = work;
    }

    /// Asks, and reports its words and calls while they come.
    Told ask(Question question) throws IOException, InterruptedException {
        var hearing = new Hearing(work, ready.model(), question.tools(), ready::masked, family::end);
        var conversation = ready.converse(question, hearing);
        var builder = new ProcessBuilder(conversation.command())
                .directory(Files.createDirectories(ready.directory(question.home()))
                        .toFile());
        builder.environment().clear();
        builder.environment().putAll(conversation.environment(family.environment()));
        var process = builder.start();
        RUNNING.add(family);
        try {
            var errors = new AtomicReference<>("");
            var broken = new AtomicReference<@Nullable Exception>();
            // Reading a pipe holds a virtual thread's carrier.
            var complaining = thread("errors", () -> errors.set(tail(process.errorReader(UTF_8))));
            var answering = thread("answer", () -> {
                try (var out = process.inputReader(UTF_8)) {
                    conversation.listen(out);
                } catch (IOException | RuntimeException failed) {
                    broken.set(failed);
                    family.end();
                }
            });
            thread("question", () -> {
                try {
                    conversation.begin(process.outputWriter(UTF_8));
                } catch (IOException notWanted) {
                    // Whoever ended already says why, and a command need not read what it is given.
                }
            });
            var ended = process.waitFor(patience.toNanos(), TimeUnit.NANOSECONDS);
            if (!ended) {
                hearing.fails("it took longer than " + patience.toSeconds() + " s");
            }
            // Whoever it left behind may hold its output open for ever.
            family.end();
            if (!ended) {
                process.destroyForcibly().waitFor();
            }
            answering.join(LAST_WORDS);
            complaining.join(LAST_WORDS);
            conversation.ended(process.exitValue());
            return hearing.told(cli, conversation, process.exitValue(), errors.get(), broken.get());
        } finally {
            family.end();
            process.destroyForcibly();
            RUNNING.remove(family);
        }
    }

    private Thread thread(String name, Runnable task) {
        return Thread.ofPlatform().daemon().name(cli.name() + "-" + name).start(task);
    }

    /// The end of what somebody says.
    private static String tail(Reader reader) {
        var text = new StringBuilder();
        var piece = new char[1024];
        try (reader) {
            for (var read = reader.read(piece); read >= 0; read = reader.read(piece)) {
                text.append(piece, 0, read);
                if (text.length() > 2 * ERROR_LENGTH_MAX) {
                    text.delete(0, text.length() - ERROR_LENGTH_MAX);
                }
            }
        } catch (IOException broke) {
            text.append("(its standard error broke off)");
        }
        return text.substring(Math.max(0, text.length() - ERROR_LENGTH_MAX)).strip();
    }
}
