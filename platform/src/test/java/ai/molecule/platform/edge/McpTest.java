package ai.molecule.platform.edge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.platform.TestHouse;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.modelcontextprotocol.client.McpClient;
import io.modelcontextprotocol.client.McpSyncClient;
import io.modelcontextprotocol.client.transport.HttpClientStreamableHttpTransport;
import io.modelcontextprotocol.client.transport.ServerParameters;
import io.modelcontextprotocol.client.transport.StdioClientTransport;
import io.modelcontextprotocol.json.jackson2.JacksonMcpJsonMapper;
import io.modelcontextprotocol.json.schema.JsonSchemaValidator.ValidationResponse;
import io.modelcontextprotocol.spec.McpSchema.CallToolRequest;
import io.modelcontextprotocol.spec.McpSchema.CallToolResult;
import io.modelcontextprotocol.spec.McpSchema.TextContent;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The tools of a workspace, called by the MCP project's own client.
class McpTest {

    private static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();

    private static TestHouse house;
    private static String boss;
    private static String worker;
    private static String token;
    private static String stranger;

    private McpSyncClient client;

    @BeforeAll
    static void open() throws Exception {
        house = TestHouse.open();
        boss = house.create("{\"name\":\"Boss\",\"role\":\"plans\",\"runtime\":\"external\"}");
        token = house.post(
                        "/registry/register",
                        "{\"id\":\"" + boss + "\",\"agent_card\":{\"name\":\"x\"},\"delivery_mode\":\"poll\"}")
                .text("auth_token");
        worker = house.create(
                "{\"name\":\"Worker\",\"role\":\"works\",\"runtime\":\"echo\",\"parent_id\":\"" + boss + "\"}");
        house.awaitStatus(worker, "online");
        var elsewhere = house.create("{\"name\":\"Elsewhere\",\"runtime\":\"external\"}");
        stranger = house.create("{\"name\":\"Stranger\",\"runtime\":\"external\",\"parent_id\":\"" + elsewhere + "\"}");
    }

    @AfterAll
    static void close() {
        house.close();
    }

    @BeforeEach
    void connect() {
        var transport = HttpClientStreamableHttpTransport.builder("http://127.0.0.1:" + house.port())
                .endpoint("/workspaces/" + boss + "/mcp")
                .jsonMapper(new JacksonMcpJsonMapper(new ObjectMapper()))
                .requestBuilder(HttpRequest.newBuilder().header("Authorization", "Bearer " + token))
                .build();
        client = McpClient.sync(transport)
                .jsonSchemaValidator((schema, content) -> ValidationResponse.asValid(""))
                .requestTimeout(Duration.ofSeconds(30))
                .build();
        client.initialize();
    }

    @AfterEach
    void disconnect() {
        client.close();
    }

    private CallToolResult call(String tool, Map<String, Object> arguments) {
        return client.callTool(
                CallToolRequest.builder(tool).arguments(arguments).build());
    }

    private static String text(CallToolResult result) {
        return result.content().stream()
                .map(part -> ((TextContent) part).text())
                .collect(Collectors.joining());
    }

    private static JsonNode json(CallToolResult result) throws Exception {
        assertThat(result.isError()).isFalse();
        return Json.read(text(result));
    }

    @Test
    void toolsAreListedWithWhatTheyTake() {
        assertThat(client.getServerInfo().name()).isEqualTo("molecule");
        var tools = client.listTools().tools();
        assertThat(tools)
                .extracting(tool -> tool.name())
                .containsExactly(
                        "list_peers",
                        "get_workspace_info",
                        "delegate_task",
                        "delegate_task_async",
                        "check_task_status",
                        "send_message_to_user",
                        "commit_memory",
                        "recall_memory",
                        "request_approval");
        assertThat(tools.get(2).inputSchema()).containsKey("required");
    }

    @Test
    void itLooksAroundAndHasOthersDoSomething() throws Exception {
        assertThat(json(call("get_workspace_info", Map.of())).path("name").asText())
                .isEqualTo("Boss");
        var peers = json(call("list_peers", Map.of()));
        assertThat(peers.findValuesAsText("workspace_id")).contains(worker).doesNotContain(boss, stranger);
        assertThat(peers.path(0).path("role").asText()).isEqualTo("works");
        assertThat(text(call("delegate_task", Map.of("workspace_id", worker, "task", "count to three"))))
                .isEqualTo("count to three");
        var failed = call("delegate_task", Map.of("workspace_id", worker, "task", "fail because"));
        assertThat(failed.isError()).isTrue();
        assertThat(text(failed)).contains("failed", "because");
        var asked = call("delegate_task", Map.of("workspace_id", worker, "task", "input"));
        assertThat(text(asked)).contains("needs to know more", "What shall I answer?");
    }

    @Test
    void whatIsNotWaitedForIsAskedForLater() throws Exception {
        var arguments =
                Map.<String, Object>of("workspace_id", worker, "task", "do it later", "idempotency_key", "once");
        var task = json(call("delegate_task_async", arguments)).path("task_id").asText();
        assertThat(json(call("delegate_task_async", arguments)).path("task_id").asText())
                .isEqualTo(task);
        await().until(() -> json(call("check_task_status", Map.of("task_id", task)))
                .path("status")
                .asText()
                .equals("completed"));
        assertThat(json(call("check_task_status", Map.of("task_id", task)))
                        .path("result")
                        .asText())
                .isEqualTo("do it later");
    }

    @Test
    void peopleAreTold() throws Exception {
        assertThat(text(call("send_message_to_user", Map.of("message", "half way there"))))
                .isEqualTo("sent");
        assertThat(house.get("/workspaces/" + boss + "/activity").body().findValuesAsText("summary"))
                .contains("half way there");
    }

    @Test
    void whatIsWrongWithACallIsForTheModelToRead() {
        for (var wrong : new CallToolResult[] {
            call("delegate_task", Map.of("workspace_id", worker)),
            call("delegate_task", Map.of("workspace_id", "nobody", "task", "x")),
            call("delegate_task", Map.of("workspace_id", boss, "task", "x")),
            call("delegate_task", Map.of("workspace_id", stranger, "task", "x")),
            call("check_task_status", Map.of("task_id", "none of mine")),
            call("list_peers", Map.of("surprise", "x")),
            call("send_message_to_user", Map.of("message", 5)),
        }) {
            assertThat(wrong.isError()).isTrue();
            assertThat(text(wrong)).startsWith("Expected ");
        }
    }

    @Test
    void theSameToolsAreThereOverStandardInput() throws Exception {
        var program = ServerParameters.builder(JAVA)
                .args("-jar", TestHouse.AGENT_JAR.toString(), "mcp")
                .env(Map.of(
                        "WORKSPACE_ID",
                        boss,
                        "MOLECULE_WORKSPACE_TOKEN",
                        token,
                        "PLATFORM_URL",
                        house.url().toString()))
                .build();
        var mapper = new JacksonMcpJsonMapper(new ObjectMapper());
        try (var piped = McpClient.sync(new StdioClientTransport(program, mapper))
                .jsonSchemaValidator((schema, content) -> ValidationResponse.asValid(""))
                .requestTimeout(Duration.ofSeconds(30))
                .build()) {
            piped.initialize();
            assertThat(piped.listTools().tools()).hasSize(9);
            assertThat(text(piped.callTool(CallToolRequest.builder("delegate_task")
                            .arguments(Map.of("workspace_id", worker, "task", "over a pipe"))
                            .build())))
                    .isEqualTo("over a pipe");
        }
    }

    @Test
    void whoeverIsNobodyGetsNoTools(@TempDir Path empty) throws Exception {
        var process = new ProcessBuilder(
                        JAVA, "-jar", TestHouse.AGENT_JAR.toString(), "mcp", "--state", empty.toString())
                .redirectErrorStream(true)
                .start();
        assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .contains("No agent joined on " + empty, "MOLECULE_WORKSPACE_TOKEN");
        assertThat(process.waitFor()).isEqualTo(64);
    }

    @Test
    void nobodyCallsForAnother() throws Exception {
        var call = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"tools/list\"}";
        assertThat(house.call("POST", "/workspaces/" + worker + "/mcp", token, call, Map.of())
                        .status())
                .isEqualTo(403);
        assertThat(house.call("POST", "/workspaces/" + worker + "/mcp", "", call, Map.of())
                        .status())
                .isEqualTo(401);
        assertThat(house.call("GET", "/workspaces/" + boss + "/mcp", token, "", Map.of())
                        .status())
                .as("no stream is opened")
                .isEqualTo(405);
        var empty = house.call(
                "POST",
                "/workspaces/" + boss + "/mcp",
                token,
                "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/call\"}",
                Map.of());
        assertThat(empty.body().path("error").path("code").asInt()).isEqualTo(-32602);
        assertThat(empty.body().path("id").asInt()).isEqualTo(7);
        for (var bad : new String[] {"{", "[]", "{\"jsonrpc\":\"2.0\"}", "7"}) {
            assertThat(house.call("POST", "/workspaces/" + boss + "/mcp", token, bad, Map.of())
                            .status())
                    .as(bad)
                    .isEqualTo(400);
        }
    }
}
