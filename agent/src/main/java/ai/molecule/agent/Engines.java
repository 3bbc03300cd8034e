package ai.molecule.agent;

import ai.molecule.agent.claude.ClaudeEngine;
import ai.molecule.agent.echo.EchoEngine;
import ai.molecule.agent.hermes.HermesEngine;
import ai.molecule.agent.langgraph.LangGraphEngine;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.util.List;

/// The engines that this agent has, by the runtimes that they are for.
final class Engines {

    /// All of them.
    static final List<String> RUNTIMES = List.of("echo", "hermes", "langgraph", "claude-code");

    private Engines() {}

    /// The engine for a runtime.
    ///
    /// @param tools what it may do beside talking
    /// @param client how models are reached
    /// @param state where the engine keeps what must outlive it
    /// @throws IllegalArgumentException when there is none
    static Engine of(String runtime, Surroundings surroundings, Tools tools, HttpClient client, Path state) {
        return switch (runtime) {
            case "echo" -> new EchoEngine(name -> surroundings.values().get(name));
            case "hermes" -> new HermesEngine(surroundings, client, state, tools);
            case "langgraph" -> new LangGraphEngine(surroundings, client, state, tools);
            case "claude-code" -> new ClaudeEngine(surroundings, System.getenv(), state, tools);
            default ->
                throw new IllegalArgumentException(
                        "RUNTIME: this agent has no engine for " + runtime + "; it has " + String.join(", ", RUNTIMES));
        };
    }
}
