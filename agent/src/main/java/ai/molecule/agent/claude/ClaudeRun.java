package ai.molecule.agent.claude;

import ai.molecule.agent.Tools;
import ai.molecule.agent.Usage;
import ai.molecule.agent.Work;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.McpServer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// One run of Claude Code: a question in, a stream of JSON lines out (`--output-format stream-json`).
final class ClaudeRun {

    private static final String APPROVAL = Tools.APPROVAL;
    private static final String SERVER = "mcp__";
    private static final String PREFIX = SERVER + Tools.PLATFORM + "__";
    private static final int TURNS_MAX = 30;
    private static final int PROBLEM_LENGTH_MAX = 1000;
    /// Those that run now: none outlives this process.
    private static final Set<Process> RUNNING = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> RUNNING.forEach(ClaudeRun::end)));
    }

    private static final Duration LAST_WORDS = Duration.ofSeconds(5);

    private final ClaudeSettings settings;
    private final Path home;
    private final Path directory;
    private final Work work;
    private Usage usage;

    ClaudeRun(ClaudeSettings settings, Path home, Path directory, Work work) {
        this.settings = settings;
        this.home = home;
        this.directory = directory;
        this.work = work;
        this.usage = Usage.none(settings.model().isEmpty() ? "claude" : settings.model());
    }

    /// What it is asked.
    ///
    /// @param introduction what is added to its system prompt
    /// @param session with which it goes on; empty for a new one
    record Question(String text, String introduction, String session, List<McpServer> servers) {
        Question {
            servers = List.copyOf(servers);
        }
    }

    /// What came of it.
    ///
    /// @param asked what people were asked and have not decided, by the ids of the approvals
    /// @param problem why nothing came of it; empty for none
    /// @param sessionLost true where there is no such session any more
    record Told(String session, Map<String, String> asked, String problem, boolean sessionLost) {
        Told {
            asked = Map.copyOf(asked);
        }
    }

    /// Asks, and reports its words and calls while they come.
    Told ask(Question question) throws IOException, InterruptedException {
        var servers = file("servers", ".json", Json.bytes(servers(question.servers())));
        var introduction = file("introduction", ".md", question.introduction().getBytes(StandardCharsets.UTF_8));
        try {
            return ask(question, command(question, servers, introduction));
        } finally {
            Files.deleteIfExists(servers);
            Files.deleteIfExists(introduction);
        }
    }

    private Told ask(Question question, List<String> command) throws IOException, InterruptedException {
        var builder = new ProcessBuilder(command).directory(directory.toFile());
        builder.environment().clear();
        builder.environment().putAll(settings.environment());
        builder.environment().put("HOME", home.toString());
        builder.environment().put("CLAUDE_CONFIG_DIR", home.toString());
        var process = builder.start();
        RUNNING.add(process);
        try {
            var listener = new Listener(process);
            var errors = new AtomicReference<>("");
            var broken = new AtomicReference<@Nullable Exception>();
            // Reading a pipe holds a virtual thread's carrier.
            var complaining =
                    Thread.ofPlatform().daemon().name("claude-errors").start(() -> errors.set(errors(process)));
            Thread.ofPlatform().daemon().name("claude-question").start(() -> feed(process, question.text()));
            var answering = Thread.ofPlatform().daemon().name("claude-answer").start(() -> {
                try (var out = process.inputReader(StandardCharsets.UTF_8)) {
                    for (var line = out.readLine(); line != null; line = out.readLine()) {
                        listener.hear(line);
                    }
                } catch (IOException | RuntimeException failed) {
                    broken.set(failed);
                }
            });
            var code = process.waitFor();
            answering.join(LAST_WORDS);
            complaining.join(LAST_WORDS);
            listener.end();
            return listener.told(code, errors.get(), broken.get());
        } finally {
            end(process);
            RUNNING.remove(process);
        }
    }

    private static void end(Process process) {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
    }

    private List<String> command(Question question, Path servers, Path introduction) {
        var command = new ArrayList<>(List.of(
                settings.program().toString(),
                "--print",
                "--output-format",
                "stream-json",
                "--verbose",
                "--include-partial-messages",
                "--max-turns",
                String.valueOf(TURNS_MAX),
                // Nothing of whoever owns the machine, or left in the directory: no hooks, no servers, no rules.
                "--setting-sources",
                "",
                "--strict-mcp-config",
                "--mcp-config",
                servers.toString(),
                "--disable-slash-commands",
                "--permission-mode",
                "acceptEdits",
                "--tools",
                String.join(",", settings.tools()),
                "--allowedTools",
                allowed(question)));
        if (!settings.model().isEmpty()) {
            command.addAll(List.of("--model", settings.model()));
        }
        if (!question.introduction().isEmpty()) {
            // Not the text itself: arguments have a length, and everybody on the machine reads them.
            command.addAll(List.of("--append-system-prompt-file", introduction.toString()));
        }
        if (!question.session().isEmpty()) {
            command.addAll(List.of("--resume", question.session()));
        }
        return command;
    }

    /// What it may do without asking: the platform's tools, and what was given to it beyond files.
    private String allowed(Question question) {
        var allowed = new ArrayList<>(question.servers().stream()
                .map(server -> SERVER + server.name())
                .toList());
        settings.tools().stream()
                .filter(tool -> !tool.matches("Read|Write|Edit|Glob|Grep"))
                .forEach(allowed::add);
        return String.join(",", allowed);
    }

    /// Where the platform's tools are, and those of others.
    private ObjectNode servers(List<McpServer> all) {
        var json = Json.object();
        var servers = json.putObject("mcpServers");
        for (var server : all) {
            var one = servers.putObject(server.name());
            if (server.command().isEmpty()) {
                var headers = one.put("type", "http").put("url", server.url()).putObject("headers");
                server.headers().forEach(headers::put);
                if (server.name().equals(Tools.PLATFORM) && !work.course().isEmpty()) {
                    headers.put("traceparent", work.course());
                }
            } else {
                one.put("command", server.command().getFirst());
                server.command().stream().skip(1).forEach(one.putArray("args")::add);
                server.environment().forEach(one.putObject("env")::put);
            }
        }
        return json;
    }

    /// A file that nobody else reads, and that is gone after the run: it may hold the agent's token.
    private Path file(String name, String ending, byte[] content) throws IOException {
        var file = Files.createTempFile(
                home, name, ending, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.write(file, content);
        return file;
    }

    private static void feed(Process process, String text) {
        try (var in = process.getOutputStream()) {
            in.write(text.getBytes(StandardCharsets.UTF_8));
        } catch (IOException notWanted) {
            // Whoever ended already says why.
        }
    }

    private static String errors(Process process) {
        var text = new StringBuilder();
        try (var errors = process.errorReader(StandardCharsets.UTF_8)) {
            for (var line = errors.readLine(); line != null; line = errors.readLine()) {
                text.append(line).append('\n');
                if (text.length() > 2 * PROBLEM_LENGTH_MAX) {
                    text.delete(0, text.length() - PROBLEM_LENGTH_MAX);
                }
            }
        } catch (IOException broke) {
            text.append("(its standard error broke off)");
        }
        return text.toString().strip();
    }

    /// Hears its lines, one after the other, on one thread.
    private final class Listener {

        private final Process process;
        private final Map<String, JsonNode> approvals = new HashMap<>();
        private final Map<String, String> asked = new LinkedHashMap<>();
        private String session = "";
        private String problem = "";
        private boolean over;
        private boolean wrote;
        private boolean apart;
        private String held = "";
        private long input;

        Listener(Process process) {
            this.process = process;
        }

        void hear(String line) {
            try {
                var event = Json.read(line);
                switch (event.path("type").asText()) {
                    case "system" -> {
                        if (event.path("subtype").asText().equals("api_retry")) {
                            work.say("the model did not answer ("
                                    + event.path("error_status").asText() + ") and is asked again");
                        } else {
                            begin(event);
                        }
                    }
                    case "stream_event" -> {
                        // What its helpers say among themselves is not its answer.
                        if (event.path("parent_tool_use_id").isNull()) {
                            piece(event.path("event"));
                        }
                    }
                    case "assistant" -> called(event.path("message").path("content"));
                    case "user" -> answered(event.path("message").path("content"));
                    case "result" -> end(event);
                    default -> {}
                }
            } catch (Json.MalformedException notOurs) {
                // It says other things too.
            }
        }

        private void begin(JsonNode event) {
            if (!event.path("session_id").asText().isEmpty()) {
                session = event.path("session_id").asText();
            }
            for (var server : event.path("mcp_servers")) {
                if (server.path("status").asText().equals("failed")) {
                    work.say("it does not reach the tools of "
                            + server.path("name").asText());
                }
            }
        }

        private void piece(JsonNode event) {
            switch (event.path("type").asText()) {
                case "message_start" -> input = input(event.path("message").path("usage"));
                case "message_delta" -> {
                    usage = usage.plus(
                            input, event.path("usage").path("output_tokens").asLong());
                    work.used(usage);
                    apart = wrote;
                }
                case "content_block_start" -> {
                    if (event.path("content_block").path("type").asText().equals("tool_use")) {
                        flush(false);
                        var tool = event.path("content_block")
                                .path("name")
                                .asText()
                                .replace(PREFIX, "");
                        if (asked.isEmpty() || tool.equals(APPROVAL)) {
                            work.say("calls " + tool);
                        } else {
                            // It was told to end its turn: nothing is done before a person has decided.
                            process.destroy();
                        }
                    }
                }
                case "content_block_delta" -> {
                    var text = event.path("delta").path("text").asText();
                    if (!text.isEmpty()) {
                        flush(false);
                        held = apart ? "\n\n" + text : text;
                        apart = false;
                        wrote = true;
                    }
                }
                default -> {}
            }
        }

        private static long input(JsonNode said) {
            return said.path("input_tokens").asLong()
                    + said.path("cache_creation_input_tokens").asLong()
                    + said.path("cache_read_input_tokens").asLong();
        }

        /// Which piece is the last one is known only afterwards.
        private void flush(boolean last) {
            if (!held.isEmpty()) {
                work.write(held, last);
                held = "";
            }
        }

        private void called(JsonNode content) {
            for (var block : content) {
                if (block.path("name").asText().equals(PREFIX + APPROVAL)) {
                    approvals.put(block.path("id").asText(), block.path("input"));
                }
            }
        }

        private void answered(JsonNode content) {
            for (var block : content) {
                var wanted = approvals.get(block.path("tool_use_id").asText());
                if (wanted != null) {
                    stands(block.path("content")).ifPresent(answer -> {
                        var id = answer.path("approval_id").asText();
                        if (answer.path("status").asText().equals("pending")) {
                            asked.put(id, wanted.path("action").asText());
                        } else {
                            asked.remove(id);
                        }
                    });
                }
            }
        }

        /// How an approval stands, by what the tool answered.
        private static Optional<JsonNode> stands(JsonNode content) {
            try {
                var text = content.isTextual()
                        ? content.asText()
                        : content.path(0).path("text").asText();
                return Optional.of(Json.read(text)).filter(answer -> answer.hasNonNull("approval_id"));
            } catch (Json.MalformedException refused) {
                return Optional.empty();
            }
        }

        private void end(JsonNode event) {
            over = true;
            if (!event.path("session_id").asText().isEmpty()) {
                session = event.path("session_id").asText();
            }
            if (event.path("is_error").asBoolean()
                    || !event.path("subtype").asText().equals("success")) {
                var said = event.path("result").asText();
                var errors = new ArrayList<String>();
                event.path("errors").forEach(one -> errors.add(one.asText()));
                problem = !said.isEmpty()
                        ? said
                        : !errors.isEmpty()
                                ? String.join("; ", errors)
                                : event.path("subtype").asText("no result");
            }
        }

        void end() {
            flush(problem.isEmpty());
        }

        Told told(int code, String errors, @Nullable Exception broken) {
            if (broken != null) {
                return new Told(session, Map.of(), "Claude Code's answer broke off: " + broken.getMessage(), false);
            }
            var why = problem.isEmpty() && (!over || code != 0)
                    ? "Claude Code ended with code " + code + (errors.isEmpty() ? "" : ": " + errors)
                    : problem;
            if (why.contains("No conversation found")) {
                return new Told("", Map.of(), why, true);
            }
            return new Told(session, asked, clipped(why), false);
        }

        private static String clipped(String text) {
            return text.length() > PROBLEM_LENGTH_MAX ? text.substring(0, PROBLEM_LENGTH_MAX) + "…" : text;
        }
    }
}
