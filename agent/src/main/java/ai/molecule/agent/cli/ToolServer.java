package ai.molecule.agent.cli;

import static ai.molecule.protocol.McpServer.PLATFORM;

import ai.molecule.agent.Tools;
import ai.molecule.agent.Tools.Outcome;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.JsonRpc;
import ai.molecule.protocol.JsonRpc.ErrorCode;
import ai.molecule.protocol.ToolAnswer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.json.jackson2.JacksonMcpJsonMapper;
import io.modelcontextprotocol.json.schema.JsonSchemaValidator.ValidationResponse;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpStatelessServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.server.McpStatelessServerHandler;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpStatelessServerTransport;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/// All the tools of an agent over MCP (Model Context Protocol 2025-11-25, streamable HTTP without sessions), for the
/// program that works on one task, and as long as it does. On this machine's loopback alone, and only for who shows
/// the token of this one run; what calls cost and whom they ask is in the course of that task.
///
/// A call after people were asked is refused: nothing is done before they have decided.
final class ToolServer implements AutoCloseable {

    /// How often tools may be called in one run.
    static final int CALLS_MAX = 200;

    private static final int BODY_BYTES_MAX = 4 * 1024 * 1024;
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(15);
    private static final String WAIT =
            "A person is asked first. Do nothing more: end your turn now, and you are told what was decided.";
    private static final TypeRef<Map<String, Object>> OBJECT = new TypeRef<>() {};

    private final McpJsonMapper mapper = new JacksonMcpJsonMapper(new ObjectMapper());
    private final String token = token();
    private final Tools tools;
    private final Set<String> left;
    private final String course;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final Map<String, String> asked = new LinkedHashMap<>();
    private final AtomicInteger calls = new AtomicInteger();
    private final ReentrantLock opening = new ReentrantLock();
    private @Nullable McpStatelessServerHandler handler;

    private ToolServer(Tools tools, Set<String> left, String course, HttpServer server) {
        this.tools = tools;
        this.left = Set.copyOf(left);
        this.course = course;
        this.server = server;
    }

    /// Opens one. What tools there are is looked at when somebody asks.
    ///
    /// @param left the names of those that the program does not get
    /// @param course in which it calls (W3C Trace Context, `traceparent`); empty for none
    static ToolServer open(Tools tools, Set<String> left, String course) throws IOException {
        System.setProperty("sun.net.httpserver.nodelay", "true");
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        var opened = new ToolServer(tools, left, course, server);
        server.createContext("/mcp", opened::serve);
        server.setExecutor(opened.threads);
        server.start();
        return opened;
    }

    private static String token() {
        var bytes = new byte[32];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    /// Where it is.
    URI url() {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/mcp");
    }

    /// What callers show as bearer.
    String bearer() {
        return token;
    }

    /// It, as programs that know MCP take it: `mcpServers`, as in `.mcp.json`.
    ObjectNode forMcp() {
        var servers = Json.object();
        var server = servers.putObject("mcpServers")
                .putObject(PLATFORM)
                .put("type", "http")
                .put("url", url().toString());
        server.putObject("headers").put("Authorization", "Bearer " + token);
        return servers;
    }

    /// What people were asked and have not decided, by the ids of the approvals.
    Map<String, String> asked() {
        synchronized (asked) {
            return Map.copyOf(asked);
        }
    }

    /// Whoever calls at this moment hears nothing any more.
    @Override
    public void close() {
        server.stop(0);
        threads.shutdownNow();
    }

    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            var body = exchange.getRequestBody().readNBytes(BODY_BYTES_MAX + 1);
            if (!admits(exchange.getRequestHeaders().getFirst("Authorization"))) {
                exchange.sendResponseHeaders(401, -1);
            } else if (!exchange.getRequestMethod().equals("POST")) {
                // Nothing is told without being asked.
                exchange.sendResponseHeaders(405, -1);
            } else if (body.length > BODY_BYTES_MAX) {
                exchange.sendResponseHeaders(413, -1);
            } else {
                answer(exchange, body);
            }
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean admits(@Nullable String authorization) {
        return authorization != null
                && MessageDigest.isEqual(
                        ("Bearer " + token).getBytes(StandardCharsets.UTF_8),
                        authorization.getBytes(StandardCharsets.UTF_8));
    }

    private void answer(HttpExchange exchange, byte[] body) throws IOException, InterruptedException {
        McpSchema.JSONRPCMessage message;
        try {
            message = McpSchema.deserializeJsonRpcMessage(mapper, new String(body, StandardCharsets.UTF_8));
        } catch (IOException | IllegalArgumentException bad) {
            send(exchange, 400, Json.bytes(refusal("Expected a request or a notification of MCP")));
            return;
        }
        switch (message) {
            case McpSchema.JSONRPCRequest request -> {
                McpStatelessServerHandler open;
                try {
                    open = handler();
                } catch (IOException unreachable) {
                    send(exchange, 503, Json.bytes(refusal(String.valueOf(unreachable.getMessage()))));
                    return;
                }
                stream(
                        exchange,
                        threads.submit(() -> mapper.writeValueAsString(
                                Objects.requireNonNull(open.handleRequest(McpTransportContext.EMPTY, request)
                                        .block()))));
            }
            default -> exchange.sendResponseHeaders(202, -1);
        }
    }

    private static ObjectNode refusal(String why) {
        return JsonRpc.error(Json.nothing(), ErrorCode.INVALID_REQUEST, why);
    }

    /// A call may take long: whoever waits hears that it goes on.
    private static void stream(HttpExchange exchange, Future<String> answer) throws IOException, InterruptedException {
        exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
        exchange.getResponseHeaders().set("Cache-Control", "no-store");
        exchange.sendResponseHeaders(200, 0);
        try (var out = exchange.getResponseBody()) {
            while (!answer.isDone()) {
                try {
                    answer.get(KEEP_ALIVE.toSeconds(), TimeUnit.SECONDS);
                } catch (TimeoutException goesOn) {
                    write(out, ": goes on\n\n");
                }
            }
            write(out, "event: message\ndata: " + answer.get() + "\n\n");
        } catch (ExecutionException broken) {
            throw new IOException(broken);
        } finally {
            answer.cancel(true);
        }
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }

    private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, body.length);
        exchange.getResponseBody().write(body);
    }

    /// The SDK's side, with the tools as they are when they are first asked for.
    private McpStatelessServerHandler handler() throws IOException, InterruptedException {
        opening.lock();
        try {
            if (handler == null) {
                var transport = new Transport();
                var all = tools.all().stream()
                        .filter(tool -> !left.contains(tool.name()))
                        .map(this::specification)
                        .toList();
                McpServer.sync(transport)
                        .serverInfo(PLATFORM, "0.1.0")
                        .instructions("What you can do here, and in your team of agents.")
                        .jsonMapper(mapper)
                        // Each tool checks its arguments itself.
                        .jsonSchemaValidator((schema, content) -> ValidationResponse.asValid(""))
                        .validateToolInputs(false)
                        .immediateExecution(true)
                        .capabilities(McpSchema.ServerCapabilities.builder()
                                .tools(false)
                                .build())
                        .tools(all)
                        .build();
                handler = transport.handler;
            }
            return Objects.requireNonNull(handler);
        } finally {
            opening.unlock();
        }
    }

    private SyncToolSpecification specification(ToolSpecification tool) {
        try {
            var schema = Json.read(tool.toJson()).path("parameters");
            return SyncToolSpecification.builder()
                    .tool(McpSchema.Tool.builder(
                                    tool.name(),
                                    schema.isObject()
                                            ? mapper.convertValue(schema, OBJECT)
                                            : Map.of("type", "object", "properties", Map.of()))
                            .description(tool.description() == null ? "" : tool.description())
                            .build())
                    .callHandler((context, request) -> call(request))
                    .build();
        } catch (Json.MalformedException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private CallToolResult call(McpSchema.CallToolRequest request) {
        if (!asked().isEmpty() && !request.name().equals(Tools.APPROVAL)) {
            return told(WAIT, true);
        }
        if (calls.incrementAndGet() > CALLS_MAX) {
            return told("Tools were called " + CALLS_MAX + " times in this turn, which is as often as they may", true);
        }
        try {
            var arguments = mapper.writeValueAsString(request.arguments() == null ? Map.of() : request.arguments());
            return switch (tools.call(
                    ToolExecutionRequest.builder()
                            .id(String.valueOf(calls.get()))
                            .name(request.name())
                            .arguments(arguments)
                            .build(),
                    course)) {
                case Outcome.Told(var text) -> {
                    decided(request.name(), arguments);
                    yield told(text, false);
                }
                case Outcome.Asked(var approval, var action) -> {
                    synchronized (asked) {
                        asked.put(approval, action);
                    }
                    yield told(
                            Json.text(Json.object()
                                    .put("approval_id", approval)
                                    .put("status", "pending")
                                    .put("next", WAIT)),
                            false);
                }
            };
        } catch (IOException failed) {
            return told("The call failed: " + failed.getMessage(), true);
        } catch (InterruptedException closing) {
            Thread.currentThread().interrupt();
            return told("The call was given up", true);
        }
    }

    /// Whoever asks the same again hears what was decided meanwhile.
    private void decided(String tool, String arguments) {
        if (tool.equals(Tools.APPROVAL)) {
            synchronized (asked) {
                asked.values().remove(Json.trusted(arguments).path("action").asText());
            }
        }
    }

    private CallToolResult told(String text, boolean failed) {
        var result = CallToolResult.builder().addTextContent(text).isError(failed);
        ToolAnswer.structured(text).ifPresent(json -> result.structuredContent(mapper.convertValue(json, OBJECT)));
        return result.build();
    }

    /// Nothing is open between two requests.
    private static final class Transport implements McpStatelessServerTransport {

        private volatile @Nullable McpStatelessServerHandler handler;

        @Override
        public void setMcpHandler(McpStatelessServerHandler given) {
            handler = given;
        }

        @Override
        public Mono<Void> closeGracefully() {
            return Mono.empty();
        }
    }
}
