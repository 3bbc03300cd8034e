package ai.molecule.agent.workbench;

import ai.molecule.agent.Tools.Outcome;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.McpServer;
import ai.molecule.protocol.Network;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import io.modelcontextprotocol.client.McpAsyncClient;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.client.transport.ServerParameters;
import io.modelcontextprotocol.client.transport.StdioClientTransport;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.jackson2.JacksonMcpJsonMapper;
import io.modelcontextprotocol.json.schema.JsonSchemaValidator;
import io.modelcontextprotocol.json.schema.JsonSchemaValidator.ValidationResponse;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/// The MCP servers that a configuration names, as long as it names them. What cannot be reached is tried again, and
/// named meanwhile.
final class Servers {

    private static final Duration CONNECT_PATIENCE = Duration.ofSeconds(10);
    private static final Duration CALL_PATIENCE = Duration.ofMinutes(5);
    private static final Duration BETWEEN_TRIES = Duration.ofSeconds(30);
    private static final int TOOLS_MAX = 100;
    private static final int NAME_LENGTH_MAX = 64;
    private static final int DESCRIPTION_LENGTH_MAX = 2000;
    private static final int RESPONSE_BYTES_MAX = 8 * 1024 * 1024;
    private static final String BETWEEN = "__";

    private static final McpJsonMapper MAPPER = new JacksonMcpJsonMapper(new ObjectMapper());

    /// What a tool answers is for a model to read, whatever form it promised.
    private static final JsonSchemaValidator ANYTHING =
            (schema, content) -> ValidationResponse.asValid(String.valueOf(content));

    /// Programs that were started as servers end with this one.
    private static final Set<McpAsyncClient> OPEN = ConcurrentHashMap.newKeySet();

    static {
        Runtime.getRuntime().addShutdownHook(new Thread(() -> OPEN.forEach(McpAsyncClient::close)));
    }

    private final Network network;
    private final Map<McpServer, Connection> connections = new ConcurrentHashMap<>();

    Servers(Network network) {
        this.network = network;
    }

    /// The tools of all that can be reached, named after their servers.
    List<ToolSpecification> tools(List<McpServer> wanted) throws InterruptedException {
        var current = current(wanted);
        try (var each = Executors.newVirtualThreadPerTaskExecutor()) {
            each.invokeAll(current.stream()
                    .map(one -> Executors.callable(one::connect))
                    .toList());
        }
        return current.stream().flatMap(one -> one.tools().stream()).toList();
    }

    /// Calls one; empty where none of them has it.
    Optional<Outcome> call(List<McpServer> wanted, ToolExecutionRequest request) throws InterruptedException {
        var one = current(wanted).stream()
                .filter(connection -> connection.has(request.name()))
                .findFirst();
        return one.isEmpty()
                ? Optional.empty()
                : Optional.of(new Outcome.Told(one.get().call(request)));
    }

    /// What keeps those that were tried from being of use; empty for nothing.
    String trouble(List<McpServer> wanted) {
        return current(wanted).stream()
                .map(Connection::problem)
                .filter(problem -> !problem.isEmpty())
                .collect(Collectors.joining("; "));
    }

    private List<Connection> current(List<McpServer> wanted) {
        connections.forEach((server, connection) -> {
            if (!wanted.contains(server) && connections.remove(server, connection)) {
                connection.close();
            }
        });
        return wanted.stream()
                .map(server -> connections.computeIfAbsent(server, Connection::new))
                .toList();
    }

    /// One of them.
    private final class Connection {

        private final McpServer server;
        private final Map<String, String> names = new LinkedHashMap<>();
        private List<ToolSpecification> tools = List.of();
        private @Nullable Open open;
        private String problem = "";
        private long triedAt;
        private boolean tried;

        Connection(McpServer server) {
            this.server = server;
        }

        synchronized List<ToolSpecification> tools() {
            return tools;
        }

        synchronized boolean has(String tool) {
            return names.containsKey(tool);
        }

        synchronized String problem() {
            return problem.isEmpty() ? "" : "mcp_servers." + server.name() + ": " + problem;
        }

        synchronized void connect() {
            if (open != null || (tried && System.nanoTime() - triedAt < BETWEEN_TRIES.toNanos())) {
                return;
            }
            tried = true;
            triedAt = System.nanoTime();
            var transport = transport();
            var client = McpClient.async(transport)
                    .clientInfo(McpSchema.Implementation.builder("molecule-agent", "0.1.0")
                            .build())
                    .initializationTimeout(CONNECT_PATIENCE)
                    .requestTimeout(CALL_PATIENCE)
                    .jsonSchemaValidator(ANYTHING)
                    .toolsChangeConsumer(offered -> Mono.fromRunnable(() -> learn(offered)))
                    .build();
            try {
                client.initialize().block(CONNECT_PATIENCE);
                learn(client.listTools()
                        .map(McpSchema.ListToolsResult::tools)
                        .blockOptional(CONNECT_PATIENCE)
                        .orElse(List.of()));
                var fresh = new Open(client, new CompletableFuture<>());
                open = fresh;
                OPEN.add(client);
                problem = "";
                System.out.println("tools of " + server.name() + ": " + String.join(", ", names.values()));
                if (transport instanceof Program program) {
                    Thread.ofVirtual().name("server-" + server.name()).start(() -> {
                        program.awaitForExit();
                        fresh.gone().completeExceptionally(new IOException(server.name() + " has ended"));
                        lose(fresh);
                    });
                }
            } catch (RuntimeException failed) {
                client.close();
                problem = "cannot be used now (" + reason(failed) + ")";
                System.out.println(problem());
            }
        }

        private McpClientTransport transport() {
            if (!server.command().isEmpty()) {
                return new Program(server);
            }
            var url = URI.create(server.url());
            var from = server.url().indexOf('/', server.url().indexOf("//") + 2);
            return HttpClientStreamableHttpTransport.builder(url.getScheme() + "://" + url.getRawAuthority())
                    .endpoint(from < 0 ? "/" : server.url().substring(from))
                    .jsonMapper(MAPPER)
                    .clientBuilder(network.builder())
                    .connectTimeout(CONNECT_PATIENCE)
                    .maxResponseSize(RESPONSE_BYTES_MAX)
                    .addHttpRequestCustomizer((request, method, endpoint, body, context) ->
                            server.headers().forEach(request::setHeader))
                    .build();
        }

        private synchronized void learn(List<McpSchema.Tool> offered) {
            names.clear();
            var all = new ArrayList<ToolSpecification>();
            for (var tool : offered.stream().limit(TOOLS_MAX).toList()) {
                var name = server.name() + BETWEEN + tool.name().replaceAll("[^A-Za-z0-9_-]", "_");
                if (name.length() > NAME_LENGTH_MAX || names.containsKey(name)) {
                    System.out.println("the tool " + tool.name() + " of " + server.name() + " has no name of its own");
                    continue;
                }
                names.put(name, tool.name());
                var specification = Json.object().put("name", name).put("description", described(tool));
                specification.set("parameters", Schemas.portable(Json.trusted(written(tool.inputSchema()))));
                all.add(ToolSpecification.fromJson(Json.text(specification)));
            }
            tools = List.copyOf(all);
        }

        private static String described(McpSchema.Tool tool) {
            var text = tool.description() == null ? "" : tool.description();
            return text.length() > DESCRIPTION_LENGTH_MAX ? text.substring(0, DESCRIPTION_LENGTH_MAX) + "…" : text;
        }

        String call(ToolExecutionRequest request) throws InterruptedException {
            Open through;
            String tool;
            synchronized (this) {
                through = open;
                tool = names.get(request.name());
            }
            if (through == null || tool == null) {
                return "The call failed: " + server.name() + " is not there now";
            }
            try {
                var result = through.call(tool, request.arguments());
                var text = texts(result);
                return Boolean.TRUE.equals(result.isError()) ? "The call failed: " + text : text;
            } catch (ExecutionException | RuntimeException failed) {
                if (server.command().isEmpty() && !through.answers()) {
                    lose(through);
                }
                return "The call failed: " + reason(failed);
            }
        }

        private synchronized void lose(Open lost) {
            if (lost.equals(open)) {
                open = null;
                tried = false;
                lost.close();
            }
        }

        synchronized void close() {
            if (open != null) {
                open.close();
                open = null;
            }
        }
    }

    /// A server that is connected.
    ///
    /// @param gone fails when it ends by itself
    private record Open(McpAsyncClient client, CompletableFuture<McpSchema.CallToolResult> gone) {

        McpSchema.CallToolResult call(String tool, @Nullable String arguments)
                throws ExecutionException, InterruptedException {
            var call = client.callTool(McpSchema.CallToolRequest.builder(tool)
                            .arguments(MAPPER, arguments == null || arguments.isBlank() ? "{}" : arguments)
                            .build())
                    .toFuture();
            try {
                return (McpSchema.CallToolResult)
                        CompletableFuture.anyOf(call, gone).get();
            } finally {
                call.cancel(true);
            }
        }

        boolean answers() {
            try {
                client.ping().block(CONNECT_PATIENCE);
                return true;
            } catch (RuntimeException gone) {
                return false;
            }
        }

        void close() {
            OPEN.remove(client);
            client.close();
        }
    }

    private static String texts(McpSchema.CallToolResult result) {
        var text = result.content().stream()
                .map(part -> part instanceof McpSchema.TextContent said ? said.text() : "(" + part.type() + ")")
                .collect(Collectors.joining("\n"));
        return text.isEmpty() && result.structuredContent() != null ? written(result.structuredContent()) : text;
    }

    private static String written(Object value) {
        try {
            return MAPPER.writeValueAsString(value);
        } catch (IOException unreadable) {
            return "{}";
        }
    }

    private static String reason(Throwable failed) {
        var deepest = failed;
        while (deepest.getCause() != null) {
            deepest = deepest.getCause();
        }
        var said = deepest.getMessage();
        return said == null || said.isBlank()
                ? deepest.getClass().getSimpleName()
                : said.lines().findFirst().orElse(said);
    }

    /// A server that is a program, with nothing of this one's environment.
    private static final class Program extends StdioClientTransport {

        Program(McpServer server) {
            super(
                    ServerParameters.builder(server.command().getFirst())
                            .args(server.command().subList(1, server.command().size()))
                            .env(server.environment())
                            .build(),
                    MAPPER);
            setStdErrorHandler(line -> System.out.println(server.name() + ": " + line));
        }

        @Override
        protected ProcessBuilder getProcessBuilder() {
            var builder = new ProcessBuilder();
            builder.environment().clear();
            return builder;
        }
    }
}
