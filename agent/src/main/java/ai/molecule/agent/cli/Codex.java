package ai.molecule.agent.cli;

import ai.molecule.protocol.Json;
import ai.molecule.protocol.McpServer;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Codex, by its app server (<https://developers.openai.com/codex/app-server>): JSON-RPC, a message a line, on its
/// standard input and output. It has none of its own tools: what it may do is what the agent may.
final class Codex implements Cli {

    private static final String PROGRAM = "CODEX_PROGRAM";
    private static final String KEY = "OPENAI_API_KEY";
    private static final String BASE_URL = "OPENAI_BASE_URL";
    private static final String TOKEN = "MOLECULE_TOOLS_TOKEN";
    private static final List<String> WITHOUT = List.of(
            "shell_tool",
            "view_image",
            "multi_agent",
            "multi_agent_v2",
            "goals",
            "apps",
            "plugins",
            "hooks",
            "tool_suggest",
            "memories",
            "image_generation",
            "skill_search");

    @Override
    public String runtime() {
        return "codex";
    }

    @Override
    public String name() {
        return "codex";
    }

    @Override
    public String description() {
        return "Codex";
    }

    @Override
    public Ready ready(Given given) {
        var faults = new ArrayList<String>();
        var program = Programs.find(given, PROGRAM, "codex", "npm install -g @openai/codex", faults);
        var environment = Programs.environment(given, List.of(KEY, BASE_URL));
        if (!environment.containsKey(KEY)) {
            faults.add(KEY + ": expected this secret");
        }
        Programs.check(faults);
        var server = environment.remove(BASE_URL);
        return new Prepared(
                program,
                environment,
                server == null ? "https://api.openai.com/v1" : server,
                Programs.model(given, "openai"),
                given.directory());
    }

    private record Prepared(Path program, Map<String, String> variables, String server, String wanted, Path files)
            implements Ready {

        @Override
        public String model() {
            return wanted.isEmpty() ? "codex" : wanted;
        }

        @Override
        public String masked(String text) {
            return Programs.masked(text, variables, List.of(KEY));
        }

        @Override
        public Path directory(Path home) {
            return files;
        }

        @Override
        public Conversation converse(Question question, Hearing hearing) throws IOException {
            return new Talk(this, question, hearing);
        }

        /// What it is set to, as texts of TOML.
        List<String> settings(ToolServer tools) {
            var settings = new ArrayList<>(List.of(
                    "model_provider=\"molecule\"",
                    "model_providers.molecule.name=\"OpenAI\"",
                    "model_providers.molecule.base_url=" + Json.text(TextNode.valueOf(server)),
                    "model_providers.molecule.env_key=\"" + KEY + "\"",
                    "model_providers.molecule.wire_api=\"responses\"",
                    "model_providers.molecule.request_max_retries=3",
                    "mcp_servers.molecule.url=\"" + tools.url() + "\"",
                    "mcp_servers.molecule.bearer_token_env_var=\"" + TOKEN + "\"",
                    "mcp_servers.molecule.tool_timeout_sec="
                            + Duration.ofHours(1).toSeconds(),
                    "mcp_servers.molecule.default_tools_approval_mode=\"approve\"",
                    "analytics.enabled=false",
                    "check_for_update_on_startup=false",
                    // What lies in the directory is for its tools, and tells it nothing by itself.
                    "project_doc_max_bytes=0",
                    "skills.include_instructions=false",
                    "agents.enabled=false",
                    "web_search=\"disabled\""));
            WITHOUT.forEach(feature -> settings.add("features." + feature + "=false"));
            return settings;
        }
    }

    private static final class Talk extends LineTalk {

        private static final int INITIALIZE = 1;
        private static final int THREAD = 2;
        private static final int TURN = 3;
        private static final int UNKNOWN_METHOD = -32601;

        private final Prepared prepared;
        private volatile @Nullable Writer in;
        private String thread = "";

        Talk(Prepared prepared, Question question, Hearing hearing) throws IOException {
            super(prepared.variables(), question, hearing);
            this.prepared = prepared;
            // All that it is set to comes with each run.
            Files.deleteIfExists(question.home().resolve("config.toml"));
            environment.put("CODEX_HOME", question.home().toString());
            environment.put(TOKEN, question.tools().bearer());
        }

        @Override
        public List<String> command() {
            var command = new ArrayList<>(List.of(prepared.program().toString(), "app-server"));
            prepared.settings(question.tools()).forEach(setting -> command.addAll(List.of("-c", setting)));
            return command;
        }

        @Override
        public void begin(Writer in) throws IOException {
            this.in = in;
            var params = Json.object();
            params.putObject("clientInfo").put("name", McpServer.PLATFORM).put("version", "0.1.0");
            say(call(INITIALIZE, "initialize", params));
        }

        private static ObjectNode call(int id, String method, ObjectNode params) {
            return Json.object().put("id", id).put("method", method).set("params", params);
        }

        private void say(ObjectNode message) throws IOException {
            var to = in;
            if (to != null) {
                to.write(Json.text(message) + "\n");
                to.flush();
            }
        }

        private void leave() throws IOException {
            var to = in;
            if (to != null) {
                to.close();
            }
        }

        @Override
        void hear(JsonNode said) throws IOException {
            if (!said.has("method")) {
                answered(said);
            } else if (said.has("id")) {
                // It is told beforehand what it may do: nobody is there to be asked.
                var refusal = Json.object();
                refusal.set("id", said.path("id"));
                refusal.putObject("error").put("code", UNKNOWN_METHOD).put("message", "Nobody is there to be asked");
                say(refusal);
            } else {
                told(said.path("method").asText(), said.path("params"));
            }
        }

        private void answered(JsonNode answer) throws IOException {
            var id = answer.path("id").asInt();
            if (answer.has("error")) {
                if (id == THREAD && !question.session().isEmpty()) {
                    hearing.sessionLost();
                }
                hearing.fails(answer.path("error").path("message").asText());
                leave();
                return;
            }
            switch (id) {
                case INITIALIZE -> {
                    say(Json.object().put("method", "initialized"));
                    say(thread());
                }
                case THREAD -> {
                    thread = answer.path("result").path("thread").path("id").asText();
                    hearing.session(thread);
                    var params = Json.object().put("threadId", thread);
                    params.putArray("input").addObject().put("type", "text").put("text", question.text());
                    say(call(TURN, "turn/start", params));
                }
                default -> {}
            }
        }

        private ObjectNode thread() {
            var params = Json.object()
                    .put("cwd", prepared.files().toString())
                    .put("approvalPolicy", "never")
                    .put("sandbox", "read-only");
            if (!prepared.wanted().isEmpty()) {
                params.put("model", prepared.wanted());
            }
            if (!question.introduction().isEmpty()) {
                params.put("developerInstructions", question.introduction());
            }
            return question.session().isEmpty()
                    ? call(THREAD, "thread/start", params)
                    : call(THREAD, "thread/resume", params.put("threadId", question.session()));
        }

        private void told(String method, JsonNode params) throws IOException {
            if (params.has("threadId") && !params.path("threadId").asText().equals(thread)) {
                // Of a helper's, should there be one; or what a thread took before it was taken up again.
                return;
            }
            switch (method) {
                case "item/started" -> began(params.path("item"));
                case "item/agentMessage/delta" ->
                    hearing.writes(params.path("delta").asText());
                case "thread/tokenUsage/updated" -> {
                    var last = params.path("tokenUsage").path("last");
                    hearing.used(
                            last.path("inputTokens").asLong(),
                            last.path("outputTokens").asLong());
                }
                case "mcpServer/startupStatus/updated" -> {
                    if (params.path("status").asText().equals("failed")) {
                        hearing.says("it does not reach its tools: "
                                + params.path("error").asText());
                    }
                }
                case "error" -> {
                    if (params.path("willRetry").asBoolean()) {
                        hearing.again();
                        hearing.says("the model did not answer ("
                                + params.path("error").path("message").asText() + ") and is asked again");
                    }
                }
                case "turn/completed" -> {
                    hearing.over();
                    var turn = params.path("turn");
                    if (!turn.path("status").asText().equals("completed")) {
                        hearing.fails(turn.path("error").path("message").asText());
                    }
                    leave();
                }
                default -> {}
            }
        }

        private void began(JsonNode item) {
            switch (item.path("type").asText()) {
                case "agentMessage" -> hearing.paragraph();
                case "mcpToolCall" -> hearing.calls(item.path("tool").asText());
                case "userMessage", "reasoning", "plan" -> {}
                case String other -> hearing.calls(other);
            }
        }
    }
}
