package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.WORKSPACE;

import ai.molecule.protocol.Json;
import ai.molecule.protocol.JsonRpc;
import ai.molecule.protocol.JsonRpc.ErrorCode;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.WireException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.modelcontextprotocol.common.McpTransportContext;
import io.modelcontextprotocol.json.McpJsonMapper;
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
    private static final String BY = "by";

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
    private CallToolResult call(McpTransportContext context, CallToolRequest request) {
        try {
            var by = (Toolbox.By) Objects.requireNonNull(context.get(BY));
            var result = toolbox.call(by, request.name(), arguments(request));
            return CallToolResult.builder()
                    .addTextContent(result.text())
                    .isError(result.failed())
                    .build();
        } catch (Refusal | WireException refused) {
            return CallToolResult.builder()
                    .addTextContent(String.valueOf(refused.getMessage()))
                    .isError(true)
                    .build();
        }
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
        var context = McpTransportContext.create(Map.of(BY, new Toolbox.By(call.id(), call.header(COURSE))));
        try {
            var text = new String(body, StandardCharsets.UTF_8);
            if (!Json.readKeepable(body).isObject()) {
                return refused("Expected one JSON-RPC message of MCP");
            }
            return switch (McpSchema.deserializeJsonRpcMessage(mapper, text)) {
                case McpSchema.JSONRPCRequest request ->
                    new Answer.Body(
                            200,
                            "application/json",
                            mapper.writeValueAsBytes(transport
                                    .handler()
                                    .handleRequest(context, request)
                                    .block()),
                            Map.of());
                case McpSchema.JSONRPCNotification notification -> {
                    transport
                            .handler()
                            .handleNotification(context, notification)
                            .block();
                    yield new Answer.Body(202, "application/json", new byte[0], Map.of());
                }
                default -> refused("Expected a request or a notification");
            };
        } catch (IOException | IllegalArgumentException | Json.MalformedException bad) {
            return refused("Expected a JSON-RPC message of MCP");
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
