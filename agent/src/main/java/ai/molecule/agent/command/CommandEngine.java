package ai.molecule.agent.command;

import ai.molecule.agent.Engine;
import ai.molecule.agent.RemoteAgent;
import ai.molecule.agent.Work;
import ai.molecule.protocol.Message;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/// Runs a command for each message: it gets the text on its standard input, and what it writes to its standard
/// output is the answer, while it comes. A command that ends with another code than 0 has failed, and what it wrote
/// to its standard error says why.
public final class CommandEngine implements Engine {

    private static final int ERROR_LENGTH_MAX = 2000;
    private static final Duration LAST_WORDS = Duration.ofSeconds(5);

    private final List<String> command;
    private final Supplier<Map<String, String>> secrets;

    /// @param command the program and its arguments
    /// @param secrets what its environment has beside this process's own
    public CommandEngine(List<String> command, Supplier<Map<String, String>> secrets) {
        this.command = List.copyOf(command);
        this.secrets = secrets;
    }

    @Override
    public String runtime() {
        return "command";
    }

    @Override
    public String description() {
        return "Runs " + command.getFirst() + " with what it is told";
    }

    @Override
    public void work(Message message, Work work) throws Exception {
        var builder = new ProcessBuilder(command);
        builder.environment().remove(RemoteAgent.ENROLMENT);
        builder.environment().putAll(secrets.get());
        var process = builder.start();
        try {
            var errors = new AtomicReference<>("");
            // Reading a pipe holds a virtual thread's carrier.
            var listening = Thread.ofPlatform().daemon().name("command-errors").start(() -> errors.set(tail(process)));
            Thread.ofPlatform().daemon().name("command-question").start(() -> feed(process, message.text()));
            var answering = new AtomicReference<Exception>();
            var speaking = Thread.ofPlatform().daemon().name("command-answer").start(() -> {
                try {
                    speak(process, work);
                } catch (IOException | RuntimeException broken) {
                    answering.set(broken);
                }
            });
            var code = process.waitFor();
            // Whoever it left behind may hold its output open for ever.
            speaking.join(LAST_WORDS);
            listening.join(LAST_WORDS);
            if (answering.get() != null) {
                throw answering.get();
            }
            if (code != 0) {
                var why = errors.get().strip();
                work.fail(command.getFirst() + " ended with code " + code + (why.isEmpty() ? "" : ": " + why));
            } else {
                work.complete();
            }
        } finally {
            process.descendants().forEach(ProcessHandle::destroy);
            process.destroy();
        }
    }

    private static void feed(Process process, String text) {
        try (var in = process.getOutputStream()) {
            in.write(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException notWanted) {
            // A command need not read what it is given.
        }
    }

    private static void speak(Process process, Work work) throws IOException {
        try (Reader out = new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8)) {
            var piece = new char[8192];
            for (var read = out.read(piece); read >= 0; read = out.read(piece)) {
                work.write(new String(piece, 0, read), false);
            }
        }
    }

    private static String tail(Process process) {
        var text = new StringBuilder();
        try (var errors = process.errorReader()) {
            for (var line = errors.readLine(); line != null; line = errors.readLine()) {
                text.append(line).append('\n');
                if (text.length() > 2 * ERROR_LENGTH_MAX) {
                    text.delete(0, text.length() - ERROR_LENGTH_MAX);
                }
            }
        } catch (IOException broken) {
            text.append("(its standard error broke off)");
        }
        return text.substring(Math.max(0, text.length() - ERROR_LENGTH_MAX));
    }
}
