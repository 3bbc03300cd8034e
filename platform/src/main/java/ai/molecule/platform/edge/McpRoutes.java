package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.WORKSPACE;

import ai.molecule.protocol.Json;
import ai.molecule.protocol.JsonRpc;
import ai.molecule.protocol.JsonRpc.ErrorCode;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.ToolAnswer;
import ai.molecule.protocol.WireException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.json.McpJsonMapper;
import io.modelcontextprotocol.json.TypeRef;
import io.modelcontextprotocol.json.jackson2.JacksonMcpJsonMapper;
import io.modelcontextprotocol.json.schema.JsonSchemaValidator;
import io.modelcontextprotocol.server.McpServer;
import io.modelcontextprotocol.server.McpStatelessServerFeatures.SyncToolSpecification;
import io.modelcontextprotocol.server.McpStatelessServerHandler;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpStatelessServerTransport;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

/// The tools of a workspace over MCP: streamable HTTP without sessions (Model Context Protocol 2025-11-25,
/// transports), the protocol itself by its Java SDK. Whose tools they are is said by the path and the credential,
/// never by an argument.
public final class McpRoutes {

    private static final HeaderName COURSE = HeaderNames.create("traceparent");
    private static final TypeRef<Map<String, Object>> OBJECT = new TypeRef<>() {};
    private static final String BY = "by";
    private static final String TROUBLE = "trouble";

    private final Toolbox toolbox;
    private final McpJsonMapper mapper = new JacksonMcpJsonMapper(new ObjectMapper());
    private final Transport transport = new Transport();

    public McpRoutes(Toolbox toolbox) {
        this.toolbox = toolbox;
        McpServer.sync(transport)
                .serverInfo("molecule", "0.1.0")
                .instructions("What you can do in your team of agents.")
                .jsonMapper(mapper)
                // Each tool checks its arguments itself.
                .jsonSchemaValidator(new Unneeded())
                .validateToolInputs(false)
                .immediateExecution(true)
                .capabilities(
                        McpSchema.ServerCapabilities.builder().tools(false).build())
                .tools(Toolbox.TOOLS.stream().map(this::specification).toList())
                .build();
    }

    public List<Route> routes() {
        return List.of(new Route(Method.POST, "/workspaces/{id}/mcp", WORKSPACE, this::serve));
    }

    private SyncToolSpecification specification(Toolbox.Tool tool) {
        return SyncToolSpecification.builder()
                .tool(McpSchema.Tool.builder(tool.name(), tool.schema())
                        .description(tool.description())
                        .build())
                .callHandler(this::call)
                .build();
    }

    /// What is wrong with a call is for the model to read: a result that says so, and no error of the protocol.
    /// What goes wrong on our side is neither, and put aside for whoever waits for the answer.
    private CallToolResult call(McpTransportContext context, CallToolRequest request) {
        try {
            var by = (Toolbox.By) Objects.requireNonNull(context.get(BY));
            var result = toolbox.call(by, request.name(), arguments(request));
            var answer = CallToolResult.builder().addTextContent(result.text()).isError(result.failed());
            ToolAnswer.structured(result.text())
                    .ifPresent(json -> answer.structuredContent(mapper.convertValue(json, OBJECT)));
            return answer.build();
        } catch (Refusal | WireException refused) {
            return CallToolResult.builder()
                    .addTextContent(String.valueOf(refused.getMessage()))
                    .isError(true)
                    .build();
        } catch (RuntimeException failed) {
            ((Trouble) Objects.requireNonNull(context.get(TROUBLE))).met = failed;
            throw failed;
        }
    }

    /// What went wrong on our side in the course of one request.
    private static final class Trouble {
        private volatile @Nullable RuntimeException met;
    }

    private JsonNode arguments(CallToolRequest request) {
        try {
            return request.arguments() == null
                    ? Json.object()
                    : Json.readKeepable(mapper.writeValueAsBytes(request.arguments()));
        } catch (IOException | Json.MalformedException bad) {
            throw new WireException("Expected arguments that can be kept: " + bad.getMessage());
        }
    }

    private Answer serve(Call call) {
        var body = call.bytes(call.limits().messageBytes());
        toolbox.checkOpen(call.id());
        return switch (message(body)) {
            case McpSchema.JSONRPCRequest request
            when missesParams(request) ->
                Answer.json(
                        200,
                        JsonRpc.error(
                                mapper.convertValue(request.id(), JsonNode.class),
                                ErrorCode.INVALID_PARAMS,
                                "Expected \"params\" with the name of a tool"));
            case McpSchema.JSONRPCRequest request -> answer(call, request);
            case McpSchema.JSONRPCNotification notification -> {
                transport
                        .handler()
                        .handleNotification(McpTransportContext.EMPTY, notification)
                        .block();
                yield new Answer.Body(202, "application/json", new byte[0], Map.of());
            }
            case null, default -> refused("Expected a request or a notification of MCP");
        };
    }

    private static boolean missesParams(McpSchema.JSONRPCRequest request) {
        return request.method().equals("tools/call") && !(request.params() instanceof Map<?, ?>);
    }

    /// The message in a body; null where there is none.
    private McpSchema.@Nullable JSONRPCMessage message(byte[] body) {
        try {
            return Json.readKeepable(body).isObject()
                    ? McpSchema.deserializeJsonRpcMessage(mapper, new String(body, StandardCharsets.UTF_8))
                    : null;
        } catch (IOException | IllegalArgumentException | Json.MalformedException bad) {
            return null;
        }
    }

    private Answer answer(Call call, McpSchema.JSONRPCRequest request) {
        var trouble = new Trouble();
        var context = McpTransportContext.create(
                Map.of(BY, new Toolbox.By(call.id(), call.header(COURSE)), TROUBLE, trouble));
        var response = transport.handler().handleRequest(context, request).block();
        var failed = trouble.met;
        if (failed != null) {
            throw failed;
        }
        try {
            return new Answer.Body(200, "application/json", mapper.writeValueAsBytes(response), Map.of());
        } catch (IOException unwritable) {
            throw new UncheckedIOException(unwritable);
        }
    }

    private static Answer refused(String why) {
        return Answer.json(400, JsonRpc.error(Json.nothing(), ErrorCode.INVALID_REQUEST, why));
    }

    /// The SDK's side of it: nothing is open between two requests.
    private static final class Transport implements McpStatelessServerTransport {

        private volatile @Nullable McpStatelessServerHandler handler;

        McpStatelessServerHandler handler() {
            return Objects.requireNonNull(handler);
        }

        @Override
        public void setMcpHandler(McpStatelessServerHandler given) {
            handler = given;
        }

        @Override
        public Mono<Void> closeGracefully() {
            return Mono.empty();
        }
    }

    private static final class Unneeded implements JsonSchemaValidator {
        @Override
        public ValidationResponse validate(Map<String, Object> schema, Object structuredContent) {
            return ValidationResponse.asValid("");
        }
    }
}
