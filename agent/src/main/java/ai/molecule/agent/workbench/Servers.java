package ai.molecule.agent.workbench;

import ai.molecule.agent.Tools.Outcome;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.McpServer;
import ai.molecule.protocol.Network;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import io.modelcontextprotocol.client.McpAsyncClient;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.json.jackson2.JacksonMcpJsonMapper;
import io.modelcontextprotocol.json.schema.JsonSchemaValidator;
import io.modelcontextprotocol.json.schema.JsonSchemaValidator.ValidationResponse;
import io.modelcontextprotocol.spec.McpClientTransport;
import io.modelcontextprotocol.spec.McpSchema;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
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

    static final McpJsonMapper MAPPER = new JacksonMcpJsonMapper(new ObjectMapper());

    /// What a tool answers is for a model to read, whatever form it promised.
    private static final JsonSchemaValidator ANYTHING =
            (schema, content) -> ValidationResponse.asValid(String.valueOf(content));

    private static final TypeRef<JsonNode> SCHEMA = new TypeRef<>() {};

    private final Network network;
    private final UnaryOperator<String> masked;
    private final Map<McpServer, Connection> connections = new ConcurrentHashMap<>();

    /// @param masked a text without secrets
    Servers(Network network, UnaryOperator<String> masked) {
        this.network = network;
        this.masked = masked;
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
        private final ReentrantLock connecting = new ReentrantLock();
        private final AtomicReference<@Nullable Open> open = new AtomicReference<>();
        private volatile Offer offer = Offer.NONE;
        private volatile String problem = "";
        private volatile long triedAt;
        private volatile boolean tried;
        private volatile boolean closed;

        Connection(McpServer server) {
            this.server = server;
        }

        List<ToolSpecification> tools() {
            return offer.tools();
        }

        boolean has(String tool) {
            return tool.startsWith(server.name() + BETWEEN);
        }

        String problem() {
            return problem.isEmpty() ? "" : "mcp_servers." + server.name() + ": " + problem;
        }

        /// Connects where it is not, unless it has just been tried.
        void connect() {
            connecting.lock();
            try {
                if (!closed
                        && open.get() == null
                        && (!tried || System.nanoTime() - triedAt >= BETWEEN_TRIES.toNanos())) {
                    tried = true;
                    triedAt = System.nanoTime();
                    tryOnce();
                    problem = "";
                    System.out.println("tools of " + server.name() + ": "
                            + String.join(", ", offer.names().values()));
                }
            } catch (RuntimeException failed) {
                problem = "cannot be used now (" + reason(failed) + ")";
                System.out.println(problem());
            } finally {
                connecting.unlock();
            }
        }

        private void tryOnce() {
            var transport = transport();
            var client = McpClient.async(transport)
                    .clientInfo(McpSchema.Implementation.builder("molecule-agent", "0.1.0")
                            .build())
                    .initializationTimeout(CONNECT_PATIENCE)
                    .requestTimeout(CALL_PATIENCE)
                    .jsonSchemaValidator(ANYTHING)
                    .toolsChangeConsumer(offered -> Mono.fromRunnable(() -> offer = offered(offered)))
                    .build();
            try {
                client.initialize().block(CONNECT_PATIENCE);
                offer = offered(client.listTools()
                        .map(McpSchema.ListToolsResult::tools)
                        .blockOptional(CONNECT_PATIENCE)
                        .orElse(List.of()));
            } catch (RuntimeException failed) {
                new Open(client, new CompletableFuture<>(), transport).close();
                throw failed;
            }
            var fresh = new Open(client, new CompletableFuture<>(), transport);
            open.set(fresh);
            if (closed) {
                lose(fresh);
            }
            if (transport instanceof Program program) {
                Thread.ofVirtual().name("server-" + server.name()).start(() -> {
                    program.awaitForExit();
                    fresh.gone().completeExceptionally(new IOException(server.name() + " has ended"));
                    lose(fresh);
                });
            }
        }

        private McpClientTransport transport() {
            if (!server.command().isEmpty()) {
                return new Program(server, masked);
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

        private Offer offered(List<McpSchema.Tool> offered) {
            var names = new LinkedHashMap<String, String>();
            var tools = new ArrayList<ToolSpecification>();
            for (var tool : offered.stream().limit(TOOLS_MAX).toList()) {
                var name = server.name() + BETWEEN + tool.name().replaceAll("[^A-Za-z0-9_-]", "_");
                if (name.length() > NAME_LENGTH_MAX || names.containsKey(name)) {
                    System.out.println("the tool " + tool.name() + " of " + server.name() + " has no name of its own");
                    continue;
                }
                names.put(name, tool.name());
                var specification = Json.object().put("name", name).put("description", described(tool));
                specification.set("parameters", Schemas.portable(MAPPER.convertValue(tool.inputSchema(), SCHEMA)));
                tools.add(ToolSpecification.fromJson(Json.text(specification)));
            }
            return new Offer(names, tools);
        }

        private static String described(McpSchema.Tool tool) {
            var text = tool.description() == null ? "" : tool.description();
            return text.length() > DESCRIPTION_LENGTH_MAX ? text.substring(0, DESCRIPTION_LENGTH_MAX) + "…" : text;
        }

        String call(ToolExecutionRequest request) throws InterruptedException {
            var through = open.get();
            var tool = offer.names().get(request.name());
            if (through == null || tool == null) {
                return "The call failed: " + server.name()
                        + (through == null ? " is not there now" : " has no such tool");
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

        /// The next message tries it again.
        private void lose(Open lost) {
            if (open.compareAndSet(lost, null)) {
                offer = Offer.NONE;
                tried = false;
                lost.close();
            }
        }

        /// Nobody waits for it: whoever connects just now sees it, and closes what it opened.
        void close() {
            closed = true;
            var last = open.getAndSet(null);
            if (last != null) {
                Thread.ofVirtual().name("server-" + server.name()).start(last::close);
            }
        }
    }

    /// What a server can do.
    ///
    /// @param names its own names of its tools, by ours
    private record Offer(Map<String, String> names, List<ToolSpecification> tools) {

        static final Offer NONE = new Offer(Map.of(), List.of());

        Offer {
            tools = List.copyOf(tools);
        }
    }

    /// A server that is connected.
    ///
    /// @param gone fails when it ends by itself
    private record Open(
            McpAsyncClient client, CompletableFuture<McpSchema.CallToolResult> gone, McpClientTransport transport) {

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
            client.close();
            if (transport instanceof Program program) {
                program.end();
            }
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

    /// The deepest cause that says something.
    private String reason(Throwable failed) {
        var said = "";
        for (var cause = failed; cause != null; cause = cause.getCause()) {
            if (cause instanceof ConnectException) {
                return "nobody answers there";
            }
            var message = cause.getMessage();
            said = message == null || message.isBlank()
                    ? said
                    : message.lines().findFirst().orElse(said);
        }
        return said.isEmpty() ? failed.getClass().getSimpleName() : masked.apply(said);
    }
}
