package ai.molecule.agent;

import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// What the agent is told by its environment.
///
/// @param state the directory with the credential, `.auth_token`
/// @param url where the agent says it listens; empty for its own address and port
/// @param environment all of it
/// @param ahead true when the agent was started before there was anything for it to do: its credential and
/// secrets follow
/// @param lifeline true when the agent ends with its standard input
/// @param uplink true when everything is to reach it over a connection that it opens
record AgentSettings(
        WorkspaceId workspace,
        URI platform,
        String runtime,
        String host,
        int port,
        Path state,
        String url,
        Map<String, String> environment,
        boolean ahead,
        boolean lifeline,
        boolean uplink) {

    AgentSettings {
        environment = Map.copyOf(environment);
    }

    /// The variable with the names of those that are secrets of the workspace.
    private static final String SECRETS = "MOLECULE_SECRETS";

    private static final String SECRETS_FILE = ".secrets.json";

    /// Written when all the others are.
    private static final String ORDER_FILE = ".order";

    private static final Duration LOOK_PACE = Duration.ofMillis(25);

    /// Reads the environment.
    ///
    /// @throws IllegalArgumentException with every fault, one a line
    static AgentSettings read(Map<String, String> environment) {
        var faults = new ArrayList<String>();
        var workspace = WorkspaceId.parse(environment.getOrDefault("WORKSPACE_ID", ""));
        if (workspace.isEmpty()) {
            faults.add("WORKSPACE_ID: expected the workspace's id (a UUID)");
        }
        var platform = environment.getOrDefault("PLATFORM_URL", "http://localhost:8080");
        if (!platform.matches("https?://[^/]+.*")) {
            faults.add("PLATFORM_URL: expected http://host or https://host, but found " + platform);
        }
        var port = environment.getOrDefault("PORT", "8000");
        if (!port.matches("[0-9]{1,5}") || Integer.parseInt(port) > 65_535) {
            faults.add("PORT: expected a number from 0 to 65535, but found " + port);
        }
        var state = Path.of(environment.getOrDefault("WORKSPACE_CONFIG_PATH", "/configs"));
        if (!faults.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", faults));
        }
        return new AgentSettings(
                workspace.orElseThrow(),
                URI.create(platform.endsWith("/") ? platform : platform + "/"),
                environment.getOrDefault("RUNTIME", "echo"),
                environment.getOrDefault("HOST", "127.0.0.1"),
                Integer.parseInt(port),
                state,
                environment.getOrDefault("AGENT_URL", ""),
                environment,
                environment.getOrDefault("AWAIT_ORDER", "").equals("file"),
                environment.getOrDefault("LIFELINE", "").equals("stdin"),
                environment.getOrDefault("DELIVERY", "").equals("uplink"));
    }

    /// What the agent keeps between its lives.
    StateDirectory home() {
        return new StateDirectory(state);
    }

    /// What the environment holds, with the secrets of the file `.secrets.json` over it.
    Map<String, String> values() throws IOException {
        var values = new HashMap<>(environment);
        values.putAll(secrets(state));
        return values;
    }

    /// What of [#values] the workspace's secrets are: those of the file, and those variables that [#SECRETS] names.
    Map<String, String> secrets() throws IOException {
        var secrets = new HashMap<String, String>();
        for (var name : environment.getOrDefault(SECRETS, "").split(",", -1)) {
            if (environment.containsKey(name)) {
                secrets.put(name, environment.get(name));
            }
        }
        secrets.putAll(secrets(state));
        return secrets;
    }

    /// Waits until everything else lies in the state directory.
    void awaitOrder() throws InterruptedException {
        // Looked for, not watched: a machine has few watchers, and not every kind of volume tells of changes.
        while (!Files.exists(state.resolve(ORDER_FILE))) {
            Thread.sleep(LOOK_PACE);
        }
    }

    private static Map<String, String> secrets(Path state) throws IOException {
        var file = state.resolve(SECRETS_FILE);
        if (!Files.exists(file)) {
            return Map.of();
        }
        try {
            var secrets = new HashMap<String, String>();
            Json.read(Files.readAllBytes(file))
                    .properties()
                    .forEach(one -> secrets.put(one.getKey(), one.getValue().asText()));
            return secrets;
        } catch (Json.MalformedException bad) {
            throw new IOException("expected a JSON object in " + file, bad);
        }
    }

    /// The names of the variables, for help.
    static List<String> variables() {
        return List.of(
                "WORKSPACE_ID           the workspace to work for (required)",
                "PLATFORM_URL           where the platform is (http://localhost:8080)",
                "WORKSPACE_CONFIG_PATH  directory with the credential in .auth_token and secrets in .secrets.json (/configs)",
                "RUNTIME                the engine: " + String.join(", ", Engines.RUNTIMES),
                "AGENT_TOOLS            what its model may use here, with commas: files, shell, network, mcp (none)",
                "AGENT_TOOLS_PATH       what its commands may read and run beside the system's programs, as in PATH (none)",
                "WORKSPACE_DIR          where its files are (workspace, in WORKSPACE_CONFIG_PATH)",
                "CLAUDE_PROGRAM, GEMINI_PROGRAM, CODEX_PROGRAM",
                "                       where a program is that the engine runs, a path or a name (claude, gemini, codex)",
                "CLAUDE_TOOLS           which tools of its own Claude Code has, with commas (none)",
                "HOST, PORT             where to listen (127.0.0.1, 8000; 0 for any free port)",
                "AGENT_URL              what to register as our URL (http://HOST:PORT/)",
                "MOLECULE_SECRETS       names of the variables that are the workspace's secrets, with commas",
                "AWAIT_ORDER            'file': started ahead, the credential and secrets are there when .order is",
                "LIFELINE               'stdin': end when standard input ends",
                "DELIVERY               'uplink': everything comes over a connection that the agent opens");
    }
}
