package ai.molecule.agent;

import ai.molecule.agent.cli.CliEngine;
import ai.molecule.agent.uplink.Desk;
import ai.molecule.agent.workbench.Permissions;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// The commands of the agent: everything that joins from wherever it is, without a port of its own.
@Command(
        name = "molecule agent",
        mixinStandardHelpOptions = true,
        description =
                "An agent of Molecule. Without a command it takes everything from its environment: --variables lists it.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "64:what was said is no good",
            "73:another agent runs on the state directory",
            "77:the platform refuses the token",
            "78:a newer agent took its place",
            "79:its workspace was removed"
        })
final class Commands {

    /// One of our own agents, wherever it is.
    @Command(
            name = "join",
            mixinStandardHelpOptions = true,
            description = "Runs our agent here and joins the organisation. Later starts need no address and no token.")
    int join(
            @Parameters(
                            arity = "0..1",
                            paramLabel = "<url>",
                            defaultValue = "",
                            description = "the platform's address, or several with commas")
                    String address,
            @Option(
                            names = "--runtime",
                            paramLabel = "<engine>",
                            defaultValue = "echo",
                            description =
                                    "what does the work: echo, hermes, langgraph, claude-code, gemini-cli, codex, command"
                                            + " (default: echo)")
                    String runtime,
            @Mixin Joining joining)
            throws InterruptedException {
        try {
            Permissions.read(System.getenv().getOrDefault(Permissions.VARIABLE, ""));
        } catch (IllegalArgumentException bad) {
            System.err.println(bad.getMessage());
            return Main.BAD_SETTINGS;
        }
        return joining.run(address, (line, secrets, state) -> {
            var around = new PlatformSurroundings(line, System::getenv, secrets::values);
            var tools = Engines.tools(line, around, System::getenv, state);
            return new OwnTrade(Engines.of(runtime, around, tools, line.client(), state), line);
        });
    }

    /// One command, as a run of a pipeline.
    @Command(
            name = "run",
            mixinStandardHelpOptions = true,
            description = "Runs a command once, as a run of a pipeline: joins, gives it the workspace's secrets in its"
                    + " environment, and leaves with its exit code.")
    int run(
            @Parameters(arity = "1..*", paramLabel = "-- <command>", description = "the command and its arguments")
                    List<String> command,
            @Mixin Joining joining)
            throws InterruptedException {
        return joining.run(
                "",
                (line, secrets, state) -> new OwnTrade(new RunEngine(command.getFirst()), line),
                agent -> Job.run(agent, command));
    }

    /// Somebody else's A2A server.
    @Command(
            name = "bridge",
            mixinStandardHelpOptions = true,
            description = "Puts an A2A server nearby, of any language and version, into the organisation.")
    int bridge(
            @Parameters(
                            arity = "0..1",
                            paramLabel = "<url>",
                            defaultValue = "",
                            description = "the platform's address, or several with commas")
                    String address,
            @Option(names = "--to", required = true, paramLabel = "<url>", description = "where the server is") URI to,
            @Mixin Joining joining)
            throws InterruptedException {
        var server = URI.create(to.toString().endsWith("/") ? to.toString() : to + "/");
        return joining.run(
                address,
                (line, secrets, state) -> new Bridged(new BridgeDesk(server), new AtomicReference<>(Json.object())));
    }

    /// Tools for somebody else's agent.
    @Command(
            name = "mcp",
            mixinStandardHelpOptions = true,
            description =
                    "An MCP server on standard input and output, with the tools of a workspace: for programs that start"
                            + " their MCP servers themselves. It is who joined on the state directory, or whom WORKSPACE_ID and"
                            + " MOLECULE_WORKSPACE_TOKEN name.")
    int mcp(
            @Option(
                            names = "--state",
                            paramLabel = "<directory>",
                            description = "where that agent keeps its own token (default: ~/.molecule/agent)")
                    @Nullable
                    Path state)
            throws IOException {
        try {
            var line = Identity.of(System.getenv(), state).line();
            new ToolPipe(line, System.out)
                    .serve(new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8)));
            return 0;
        } catch (IllegalArgumentException nobody) {
            System.err.println(nobody.getMessage());
            return Main.BAD_SETTINGS;
        }
    }

    /// Any command.
    @Command(
            name = "exec",
            mixinStandardHelpOptions = true,
            description = "Runs a command for each message: it gets the text, and writes the answer."
                    + " Secrets of the workspace are in its environment, and where it finds the agent's tools.")
    int exec(
            @Parameters(arity = "1..*", paramLabel = "-- <command>", description = "the command and its arguments")
                    List<String> command,
            @Mixin Joining joining)
            throws InterruptedException {
        return joining.run("", (line, secrets, state) -> {
            var around = new PlatformSurroundings(line, System::getenv, secrets::values);
            var tools = Engines.tools(line, around, System::getenv, state);
            return new OwnTrade(CliEngine.command(command, around, System.getenv(), state, tools), line);
        });
    }

    /// A server nearby.
    private record Bridged(BridgeDesk bridge, AtomicReference<JsonNode> last) implements RemoteAgent.Trade {

        @Override
        public Desk desk() {
            return bridge;
        }

        @Override
        public Load load() {
            return bridge;
        }

        @Override
        public JsonNode card(String name) throws IOException, InterruptedException {
            var card = bridge.card();
            if (!name.isEmpty() && card.deepCopy() instanceof ObjectNode renamed) {
                card = renamed.put("name", name);
            }
            last.set(card.isObject() ? card : Json.object());
            return last.get();
        }

        @Override
        public JsonNode current() {
            return last.get();
        }
    }
}
