package ai.molecule.agent;

import ai.molecule.agent.uplink.Addresses;
import ai.molecule.agent.workbench.Permissions;
import ai.molecule.agent.workbench.Workbench;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Network;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Goes through an agent's start and its first calls without a platform and without a model, so that the JVM can
/// note which classes they need (JEP 514). Fails where an engine does not answer: then the JVM lacks something.
final class Rehearsal {

    /// What a model of OpenAI's protocol says, in its shortest form.
    private static final String ANSWER = """
            data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"hello"},"finish_reason":null}]}

            data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}

            data: [DONE]

            """;

    private Rehearsal() {}

    /// Rehearses once.
    public static void main(String[] arguments) throws IOException, InterruptedException {
        var state = Files.createTempDirectory("rehearsal");
        var settings = AgentSettings.read(Map.of(
                "WORKSPACE_ID",
                "00000000-0000-0000-0000-000000000000",
                "PORT",
                "0",
                "WORKSPACE_CONFIG_PATH",
                state.toString()));
        settings.home().keep("rehearsal");
        var model = model();
        try (var client =
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
            var around = new Around(Map.of(
                    "MODEL",
                    "rehearsal",
                    "OPENAI_BASE_URL",
                    "http://127.0.0.1:" + model.getAddress().getPort() + "/v1"));
            // What runs a program of others' has nothing to rehearse.
            var allowed = Map.of(Permissions.VARIABLE, "files, shell");
            var tools = new Workbench(Tools.NONE, around, () -> allowed, state, Network.DIRECT);
            for (var runtime : List.of("echo", "hermes", "langgraph")) {
                rehearse(Engines.of(runtime, around, tools, client, state), settings, client);
            }
        } finally {
            model.stop(0);
        }
        delete(state);
        System.exit(0);
    }

    private static void rehearse(Engine engine, AgentSettings settings, HttpClient client)
            throws IOException, InterruptedException {
        var secret = new InboundSecret();
        secret.learn("rehearsal");
        var line = new PlatformLine(new Addresses(List.of(settings.platform())));
        line.use(settings.home().credential());
        var tasks = new Tasks(engine, line::consult);
        try (var server = AgentServer.open("127.0.0.1", 0, new A2aEndpoint(tasks), secret, new byte[0])) {
            for (var method : new String[] {"SendMessage", "message/send", "SendStreamingMessage", "message/stream"}) {
                var call = Json.object().put("jsonrpc", "2.0").put("id", 1).put("method", method);
                call.putObject("params")
                        .putObject("message")
                        .putArray("parts")
                        .addObject()
                        .put("text", "hello");
                var answer = client.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/"))
                                .header("Authorization", "Bearer rehearsal")
                                .POST(HttpRequest.BodyPublishers.ofByteArray(Json.bytes(call)))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
                if (!answer.body().contains("hello")
                        || !answer.body().toLowerCase(Locale.ROOT).contains("completed")) {
                    throw new IllegalStateException(
                            "Expected " + engine.runtime() + " to answer, but found " + answer.body());
                }
            }
        }
    }

    private static HttpServer model() throws IOException {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/v1/chat/completions", exchange -> {
            exchange.getRequestBody().readAllBytes();
            exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
            var bytes = ANSWER.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.start();
        return server;
    }

    private record Around(Map<String, String> values) implements Surroundings {
        @Override
        public Self self() {
            return new Self("Rehearsal", "", "", List.of());
        }
    }

    private static void delete(Path state) throws IOException {
        try (var files = Files.walk(state)) {
            for (var file : files.toList().reversed()) {
                Files.delete(file);
            }
        }
    }
}
