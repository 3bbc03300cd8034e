package ai.molecule.agent.cli;

import ai.molecule.agent.workbench.Workbench;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.McpServer;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/// Claude Code, headless (<https://docs.claude.com/en/docs/claude-code/headless>): a question in, a stream of JSON
/// lines out (`--output-format stream-json`). Of its own tools it has those that whoever runs the agent gave it; no
/// settings of whoever owns the machine, or left in the directory.
final class Claude implements Cli {

    private static final String PROGRAM = "CLAUDE_PROGRAM";
    private static final String TOOLS = "CLAUDE_TOOLS";
    private static final List<String> OF_FILES = List.of("Read", "Write", "Edit", "Glob", "Grep");
    private static final List<String> KEYS =
            List.of("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN");
    private static final String SERVER = "mcp__" + McpServer.PLATFORM;
    private static final String PREFIX = SERVER + "__";

    @Override
    public String runtime() {
        return "claude-code";
    }

    @Override
    public String name() {
        return "claude";
    }

    @Override
    public String description() {
        return "Claude Code";
    }

    @Override
    public Ready ready(Given given) {
        var faults = new ArrayList<String>();
        var program = Programs.find(given, PROGRAM, "claude", "npm install -g @anthropic-ai/claude-code", faults);
        var environment = Programs.environment(
                given,
                Stream.concat(KEYS.stream(), Stream.of("ANTHROPIC_BASE_URL")).toList());
        if (KEYS.stream().noneMatch(environment::containsKey)) {
            faults.add("ANTHROPIC_API_KEY: expected this secret, or ANTHROPIC_AUTH_TOKEN or CLAUDE_CODE_OAUTH_TOKEN");
        }
        Programs.check(faults);
        // Nothing but what was asked for leaves the house.
        environment.put("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1");
        environment.put("DISABLE_AUTOUPDATER", "1");
        // A message is words: a path in it attaches no file.
        environment.put("CLAUDE_CODE_DISABLE_ATTACHMENTS", "1");
        // What it remembers beside its session would be there in every other one.
        environment.put("CLAUDE_CODE_DISABLE_AUTO_MEMORY", "1");
        // As often as our own engines; its own choice takes minutes to say that a key is wrong.
        environment.put("CLAUDE_CODE_MAX_RETRIES", "3");
        var tools = given.own().getOrDefault(TOOLS, "");
        return new Prepared(
                program,
                environment,
                Programs.model(given, "anthropic"),
                Stream.of(tools.strip().split("\\s*,\\s*", -1))
                        .filter(tool -> !tool.isEmpty())
                        .toList(),
                given.directory());
    }

    /// @param wanted the model; empty for its own choice
    /// @param tools those of its own tools that it may use
    private record Prepared(Path program, Map<String, String> variables, String wanted, List<String> tools, Path files)
            implements Ready {

        @Override
        public String model() {
            return wanted.isEmpty() ? "claude" : wanted;
        }

        @Override
        public String masked(String text) {
            return Programs.masked(text, variables, KEYS);
        }

        @Override
        public Path directory(Path home) {
            return files;
        }

        /// Its own are those that it was made to use.
        @Override
        public Set<String> ownTools() {
            return tools.contains("Read") ? Workbench.FILE_TOOLS : Set.of();
        }

        @Override
        public Conversation converse(Question question, Hearing hearing) throws IOException {
            return new Talk(this, question, hearing);
        }

        List<String> command(Question question) throws IOException {
            var command = new ArrayList<>(List.of(
                    program.toString(),
                    "--print",
                    "--output-format",
                    "stream-json",
                    "--verbose",
                    "--include-partial-messages",
                    "--max-turns",
                    String.valueOf(Hearing.ROUNDS_MAX),
                    // Nothing of whoever owns the machine, or left in the directory: no hooks, no servers, no rules.
                    "--setting-sources",
                    "",
                    "--strict-mcp-config",
                    "--mcp-config",
                    question.scratch()
                            .file("servers.json", Json.text(question.tools().forMcp()))
                            .toString(),
                    "--disable-slash-commands",
                    "--permission-mode",
                    "acceptEdits",
                    "--tools",
                    String.join(",", tools),
                    "--allowedTools",
                    String.join(",", allowed())));
            if (!wanted.isEmpty()) {
                command.addAll(List.of("--model", wanted));
            }
            if (!question.introduction().isEmpty()) {
                // Not the text itself: arguments have a length, and everybody on the machine reads them.
                var introduction = question.scratch().file("introduction.md", question.introduction());
                command.addAll(List.of("--append-system-prompt-file", introduction.toString()));
            }
            if (!question.session().isEmpty()) {
                command.addAll(List.of("--resume", question.session()));
            }
            return command;
        }

        /// What it may do without asking: what the agent may, and what was given to it beyond files.
        private List<String> allowed() {
            return Stream.concat(Stream.of(SERVER), tools.stream().filter(tool -> !OF_FILES.contains(tool)))
                    .toList();
        }
    }

    private static final class Talk extends LineTalk {

        private final List<String> command;
        private long input;
        private boolean speaking;

        Talk(Prepared prepared, Question question, Hearing hearing) throws IOException {
            super(prepared.variables(), question, hearing);
            this.command = prepared.command(question);
            environment.put("CLAUDE_CONFIG_DIR", question.home().toString());
        }

        @Override
        public List<String> command() {
            return command;
        }

        @Override
        void hear(JsonNode event) {
            switch (event.path("type").asText()) {
                case "system" -> {
                    if (event.path("subtype").asText().equals("api_retry")) {
                        hearing.says("the model did not answer ("
                                + event.path("error_status").asText() + ") and is asked again");
                    } else {
                        begun(event);
                    }
                }
                case "stream_event" -> {
                    // What its helpers say among themselves is not its answer.
                    if (event.path("parent_tool_use_id").isNull()) {
                        piece(event.path("event"));
                    }
                }
                case "result" -> end(event);
                default -> {}
            }
        }

        private void begun(JsonNode event) {
            hearing.session(event.path("session_id").asText());
            for (var server : event.path("mcp_servers")) {
                if (server.path("status").asText().equals("failed")) {
                    hearing.says("it does not reach its tools");
                }
            }
        }

        private void piece(JsonNode event) {
            switch (event.path("type").asText()) {
                case "message_start" -> {
                    if (speaking) {
                        hearing.again();
                    }
                    speaking = true;
                    input = input(event.path("message").path("usage"));
                }
                case "message_delta" -> {
                    speaking = false;
                    hearing.used(
                            input, event.path("usage").path("output_tokens").asLong());
                    hearing.paragraph();
                }
                case "content_block_start" -> {
                    var block = event.path("content_block");
                    if (block.path("type").asText().equals("tool_use")) {
                        hearing.calls(block.path("name").asText().replace(PREFIX, ""));
                    }
                }
                case "content_block_delta" ->
                    hearing.writes(event.path("delta").path("text").asText());
                default -> {}
            }
        }

        private static long input(JsonNode said) {
            return said.path("input_tokens").asLong()
                    + said.path("cache_creation_input_tokens").asLong()
                    + said.path("cache_read_input_tokens").asLong();
        }

        private void end(JsonNode event) {
            hearing.over();
            hearing.session(event.path("session_id").asText());
            if (!event.path("is_error").asBoolean()
                    && event.path("subtype").asText().equals("success")) {
                return;
            }
            var errors = new ArrayList<String>();
            event.path("errors").forEach(one -> errors.add(one.asText()));
            var why = Stream.of(
                            event.path("result").asText(),
                            String.join("; ", errors),
                            event.path("subtype").asText())
                    .filter(text -> !text.isEmpty())
                    .findFirst()
                    .orElse("");
            if (why.contains("No conversation found")) {
                hearing.sessionLost();
            }
            hearing.fails(why);
        }

        @Override
        public boolean lostSession(String errors) {
            return errors.contains("No conversation found");
        }
    }
}
