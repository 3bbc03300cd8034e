package ai.molecule.agent.cli;

import ai.molecule.protocol.Json;
import ai.molecule.protocol.McpServer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Gemini CLI, headless (<https://geminicli.com/docs/cli/headless>): a question in, a stream of JSON lines out
/// (`--output-format stream-json`). It has none of its own tools, and so works in an empty directory: what it may do
/// is what the agent may.
final class Gemini implements Cli {

    private static final String PROGRAM = "GEMINI_PROGRAM";
    private static final String KEY = "GEMINI_API_KEY";
    private static final String BASE_URL = "GEMINI_BASE_URL";
    private static final String URL = "MOLECULE_TOOLS_URL";
    private static final String TOKEN = "MOLECULE_TOOLS_TOKEN";
    private static final String PREFIX = "mcp_" + McpServer.PLATFORM + "_";

    @Override
    public String runtime() {
        return "gemini-cli";
    }

    @Override
    public String name() {
        return "gemini";
    }

    @Override
    public String description() {
        return "Gemini CLI";
    }

    @Override
    public Ready ready(Given given) {
        var faults = new ArrayList<String>();
        var program = Programs.find(given, PROGRAM, "gemini", "npm install -g @google/gemini-cli", faults);
        var environment = Programs.environment(given, List.of(KEY, BASE_URL));
        if (!environment.containsKey(KEY)) {
            faults.add(KEY + ": expected this secret");
        }
        Programs.check(faults);
        var server = environment.remove(BASE_URL);
        if (server != null) {
            environment.put("GOOGLE_GEMINI_BASE_URL", server);
        }
        // Without starting itself again for a larger heap, which takes a second.
        environment.put("GEMINI_CLI_NO_RELAUNCH", "true");
        environment.put("NO_COLOR", "1");
        return new Prepared(program, environment, Programs.model(given, "(?:gemini|google)"));
    }

    private record Prepared(Path program, Map<String, String> variables, String wanted) implements Ready {

        @Override
        public String model() {
            return wanted.isEmpty() ? "gemini" : wanted;
        }

        @Override
        public String masked(String text) {
            return Programs.masked(text, variables, List.of(KEY));
        }

        @Override
        public Path directory(Path home) {
            return home.resolve("nowhere");
        }

        @Override
        public Conversation converse(Question question, Hearing hearing) throws IOException {
            return new Talk(this, question, hearing);
        }
    }

    private static final class Talk extends LineTalk {

        private static final ObjectNode SETTINGS = settings();

        private final Prepared prepared;
        private int rounds = 1;
        private boolean answered;
        private String trouble = "";

        Talk(Prepared prepared, Question question, Hearing hearing) throws IOException {
            super(prepared.variables(), question, hearing);
            this.prepared = prepared;
            environment.put(URL, question.tools().url().toString());
            environment.put(TOKEN, question.tools().bearer());
            put(question, "settings.json", Json.text(SETTINGS));
            // What it is told beside its own system prompt; the same for every conversation.
            put(question, "GEMINI.md", question.introduction());
            Files.deleteIfExists(question.home().resolve(".gemini/mcp-server-enablement.json"));
            // It looks for variables in this file, from where it works upwards, and stops where there is one.
            var nowhere = Files.createDirectories(prepared.directory(question.home()));
            Files.write(nowhere.resolve(".env"), new byte[0]);
        }

        /// The same for every run: what is another in each stands in its environment.
        private static ObjectNode settings() {
            var settings = Json.object();
            settings.putObject("general")
                    .put("enableAutoUpdate", false)
                    .put("enableAutoUpdateNotification", false)
                    .put("maxAttempts", 3);
            settings.putObject("privacy").put("usageStatisticsEnabled", false);
            settings.putObject("telemetry").put("enabled", false);
            var security = settings.putObject("security");
            security.putObject("auth").put("selectedType", "gemini-api-key");
            security.putObject("folderTrust").put("enabled", false);
            settings.putObject("model").put("maxSessionTurns", Hearing.ROUNDS_MAX);
            settings.putObject("context").put("includeDirectoryTree", false);
            settings.putObject("skills").put("enabled", false);
            settings.putObject("hooksConfig").put("enabled", false);
            settings.putObject("experimental").put("enableAgents", false);
            settings.putObject("tools").putArray("core").add(PREFIX + "*");
            settings.putObject("mcp").putArray("allowed").add(McpServer.PLATFORM);
            var server = settings.putObject("mcpServers")
                    .putObject(McpServer.PLATFORM)
                    .put("httpUrl", "${" + URL + "}")
                    .put("trust", true)
                    .put("timeout", Duration.ofHours(1).toMillis());
            server.putObject("headers").put("Authorization", "Bearer ${" + TOKEN + "}");
            return settings;
        }

        private static void put(Question question, String name, String content) throws IOException {
            var directory = Files.createDirectories(question.home().resolve(".gemini"));
            Files.move(
                    question.scratch().file(name, content),
                    directory.resolve(name),
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        }

        @Override
        public List<String> command() {
            var command = new ArrayList<>(List.of(
                    prepared.program().toString(),
                    "--output-format",
                    "stream-json",
                    "--skip-trust",
                    "--extensions",
                    "none"));
            if (!prepared.wanted().isEmpty()) {
                command.addAll(List.of("--model", prepared.wanted()));
            }
            if (!question.session().isEmpty()) {
                command.addAll(List.of("--resume", question.session()));
            }
            return command;
        }

        @Override
        void hear(JsonNode event) {
            switch (event.path("type").asText()) {
                case "init" -> hearing.session(event.path("session_id").asText());
                case "message" -> {
                    if (event.path("role").asText().equals("assistant")) {
                        round();
                        trouble = "";
                        hearing.writes(event.path("content").asText());
                    }
                }
                case "tool_use" -> {
                    round();
                    hearing.calls(event.path("tool_name").asText().replace(PREFIX, ""));
                }
                case "tool_result" -> answered = true;
                case "error" -> {
                    trouble = event.path("message").asText();
                    hearing.says(trouble);
                }
                case "result" -> end(event);
                default -> {}
            }
        }

        /// What it says after it was told something is another answer of its model.
        private void round() {
            if (answered) {
                answered = false;
                rounds++;
                hearing.paragraph();
            }
        }

        private void end(JsonNode event) {
            hearing.over();
            var stats = event.path("stats");
            var input = stats.path("input_tokens").asLong();
            // With what it thought.
            var output = Math.max(
                    stats.path("total_tokens").asLong() - input,
                    stats.path("output_tokens").asLong());
            if (input + output > 0) {
                hearing.used(rounds, input, output);
            }
            if (!event.path("status").asText().equals("success")) {
                hearing.fails(event.path("error").path("message").asText());
            } else if (!trouble.isEmpty()) {
                // It calls it a success too when it gave up.
                hearing.fails(trouble);
            }
        }

        @Override
        public boolean lostSession(String errors) {
            return errors.contains("Error resuming session");
        }
    }
}
