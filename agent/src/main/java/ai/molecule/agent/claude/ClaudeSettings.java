package ai.molecule.agent.claude;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// How Claude Code is run.
///
/// @param program where it is
/// @param environment all that it gets of its environment
/// @param model empty for its own choice
/// @param tools those of its own tools that it may use
record ClaudeSettings(Path program, Map<String, String> environment, String model, List<String> tools) {

    private static final String PROGRAM = "CLAUDE_PROGRAM";
    private static final String TOOLS = "CLAUDE_TOOLS";
    private static final List<String> TOOLS_DEFAULT = List.of("Read", "Write", "Edit", "Glob", "Grep");
    private static final List<String> KEYS =
            List.of("ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN");
    private static final String BASE_URL = "ANTHROPIC_BASE_URL";

    /// What of an environment has nothing to do with the workspace.
    private static final List<String> PASSED =
            List.of("PATH", "LANG", "LC_ALL", "TZ", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "NODE_EXTRA_CA_CERTS");

    ClaudeSettings {
        environment = Map.copyOf(environment);
        tools = List.copyOf(tools);
    }

    /// Reads what the workspace is and what its agent has.
    ///
    /// @param wanted the workspace's model; where it has none, `MODEL` counts
    /// @param own the environment of whoever runs the agent, who alone says what runs there
    /// @param values the secrets of the workspace, and what else the platform tells
    /// @throws IllegalArgumentException with everything that is missing, one a line
    static ClaudeSettings read(String wanted, Map<String, String> own, Map<String, String> values) {
        var faults = new ArrayList<String>();
        var set = own.getOrDefault(PROGRAM, "claude");
        var program = find(set, own.getOrDefault("PATH", ""));
        if (program.isEmpty()) {
            faults.add(PROGRAM + ": expected Claude Code, but there is no " + set
                    + "; npm install -g @anthropic-ai/claude-code");
        }
        var environment = new HashMap<String, String>();
        PASSED.forEach(name -> pass(own, name, environment));
        KEYS.forEach(name -> pass(own, name, environment));
        pass(own, BASE_URL, environment);
        KEYS.forEach(name -> pass(values, name, environment));
        pass(values, BASE_URL, environment);
        if (KEYS.stream().noneMatch(environment::containsKey)) {
            faults.add("ANTHROPIC_API_KEY: expected this secret, or ANTHROPIC_AUTH_TOKEN or CLAUDE_CODE_OAUTH_TOKEN");
        }
        if (!faults.isEmpty()) {
            throw new IllegalArgumentException(String.join("\n", faults));
        }
        // Nothing but what was asked for leaves the house.
        environment.put("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1");
        environment.put("DISABLE_AUTOUPDATER", "1");
        // A message is words: a path in it attaches no file.
        environment.put("CLAUDE_CODE_DISABLE_ATTACHMENTS", "1");
        // As often as our own engines; its own choice takes minutes to say that a key is wrong.
        environment.put("CLAUDE_CODE_MAX_RETRIES", "3");
        var model = (wanted.isBlank() ? values.getOrDefault("MODEL", own.getOrDefault("MODEL", "")) : wanted).strip();
        var tools = own.getOrDefault(TOOLS, String.join(",", TOOLS_DEFAULT));
        return new ClaudeSettings(
                program.get(),
                environment,
                model.replaceFirst("^anthropic:", ""),
                List.of(tools.strip().split("\\s*,\\s*", -1)).stream()
                        .filter(tool -> !tool.isEmpty())
                        .toList());
    }

    private static void pass(Map<String, String> values, String name, Map<String, String> environment) {
        var value = values.getOrDefault(name, "").strip();
        if (!value.isEmpty()) {
            environment.put(name, value);
        }
    }

    private static Optional<Path> find(String program, String path) {
        if (program.contains("/")) {
            return Optional.of(Path.of(program)).filter(Files::isExecutable);
        }
        for (var directory : path.split(File.pathSeparator, -1)) {
            var found = Path.of(directory.isEmpty() ? "." : directory, program);
            if (Files.isExecutable(found)) {
                return Optional.of(found);
            }
        }
        return Optional.empty();
    }

    /// A text without a value that only the program may know.
    String masked(String text) {
        var masked = text;
        for (var name : KEYS) {
            var key = environment.getOrDefault(name, "");
            masked = key.isEmpty() ? masked : masked.replace(key, "…");
        }
        return masked;
    }
}
