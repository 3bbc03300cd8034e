package ai.molecule.agent;

import ai.molecule.agent.cli.CliEngine;
import ai.molecule.agent.echo.EchoEngine;
import ai.molecule.agent.hermes.HermesEngine;
import ai.molecule.agent.langgraph.LangGraphEngine;
import ai.molecule.agent.workbench.Family;
import ai.molecule.agent.workbench.Workbench;
import ai.molecule.protocol.Network;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// The engines that this agent has, by the runtimes that they are for.
final class Engines {

    /// All of them.
    static final List<String> RUNTIMES =
            List.of("echo", "hermes", "langgraph", "claude-code", "gemini-cli", "codex", "command");

    private Engines() {}

    /// What an engine may do: what the platform lets it, and what whoever runs it lets it on this machine.
    ///
    /// @param environment what whoever runs it says
    static Tools tools(
            PlatformLine line, Surroundings surroundings, Supplier<Map<String, String>> environment, Path state) {
        Family.settle(state);
        return new Workbench(new PlatformTools(line), surroundings, environment, state, Network.of(System.getenv()));
    }

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
            case "claude-code", "gemini-cli", "codex", "command" ->
                CliEngine.of(runtime, surroundings, System.getenv(), state, tools);
            default ->
                throw new IllegalArgumentException(
                        "RUNTIME: this agent has no engine for " + runtime + "; it has " + String.join(", ", RUNTIMES));
        };
    }
}
