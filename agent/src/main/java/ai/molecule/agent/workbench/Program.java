package ai.molecule.agent.workbench;

import ai.molecule.protocol.McpServer;
import io.modelcontextprotocol.client.transport.ServerParameters;
import io.modelcontextprotocol.client.transport.StdioClientTransport;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;

/// A server that is a program, with nothing of this one's environment. It ends with all that it started.
final class Program extends StdioClientTransport {

    /// Those that may run now: none outlives this process.
    private static final Set<Family> RUNNING = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> RUNNING.forEach(Family::end)));
    }

    private final Family family;

    Program(McpServer server, UnaryOperator<String> masked) {
        this(server, masked, new Family());
    }

    private Program(McpServer server, UnaryOperator<String> masked, Family family) {
        super(
                ServerParameters.builder(server.command().getFirst())
                        .args(server.command().subList(1, server.command().size()))
                        .env(with(server.environment(), Confined.variables(family.environment())))
                        .build(),
                Servers.MAPPER);
        this.family = family;
        RUNNING.add(family);
        setStdErrorHandler(line -> System.out.println(server.name() + ": " + masked.apply(line)));
    }

    private static Map<String, String> with(Map<String, String> some, Map<String, String> more) {
        var all = new LinkedHashMap<>(some);
        all.putAll(more);
        return all;
    }

    @Override
    protected ProcessBuilder getProcessBuilder() {
        var builder = new ProcessBuilder();
        builder.environment().clear();
        return builder;
    }

    void end() {
        family.end();
        RUNNING.remove(family);
    }
}
