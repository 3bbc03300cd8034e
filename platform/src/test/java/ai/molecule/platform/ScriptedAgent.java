package ai.molecule.platform;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;

/// An agent that speaks A2A 1.0 and does with every call what a test says.
final class ScriptedAgent implements AutoCloseable {

    /// The name by which it calls its only task.
    static final String TASK = "theirs";

    private final List<String> methods = new CopyOnWriteArrayList<>();
    private final Script script;
    private final HttpServer server;

    ScriptedAgent(Script script) throws IOException {
        this.script = script;
        this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::serve);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
    }

    /// What it does with a call.
    @FunctionalInterface
    interface Script {
        void answer(Turn turn) throws IOException, InterruptedException;
    }

    int port() {
        return server.getAddress().getPort();
    }

    /// How often a method was called.
    int calls(String method) {
        return (int) methods.stream().filter(method::equals).count();
    }

    @Override
    public void close() {
        server.stop(0);
    }

    private void serve(HttpExchange exchange) throws IOException {
        try (exchange) {
            var call = Json.read(exchange.getRequestBody().readAllBytes());
            methods.add(call.path("method").asText());
            script.answer(new Turn(exchange, call, calls(call.path("method").asText())));
        } catch (Json.MalformedException | InterruptedException ended) {
            throw new IOException(ended);
        }
    }

    /// One call and the means to answer it.
    ///
    /// @param nth the how manieth call of its method it is
    record Turn(HttpExchange exchange, JsonNode call, int nth) {

        String method() {
            return call.path("method").asText();
        }

        String text() {
            return call.path("params")
                    .path("message")
                    .path("parts")
                    .path(0)
                    .path("text")
                    .asText();
        }

        void status(int status) throws IOException {
            exchange.sendResponseHeaders(status, -1);
        }

        void error(int code) throws IOException {
            whole("\"error\":{\"code\":" + code + ",\"message\":\"no\"}");
        }

        /// Answers with its task in a state.
        void task(String state) throws IOException {
            whole("\"result\":" + taskIn(state));
        }

        private void whole(String inner) throws IOException {
            var body = ("{\"jsonrpc\":\"2.0\",\"id\":" + call.path("id") + "," + inner + "}")
                    .getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
        }

        /// Begins a stream with its task at work.
        void begin() throws IOException {
            exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
            exchange.sendResponseHeaders(200, 0);
            say("{\"task\":" + taskIn("WORKING") + "}");
        }

        /// The task comes into a state.
        void came(String state) throws IOException {
            say("{\"statusUpdate\":{\"taskId\":\"" + TASK + "\",\"contextId\":\"c\",\"status\":{\"state\":\"TASK_STATE_"
                    + state + "\"}}}");
        }

        void made(String text) throws IOException {
            say("{\"artifactUpdate\":{\"taskId\":\"" + TASK + "\",\"contextId\":\"c\",\"artifact\":{\"artifactId\":\""
                    + Integer.toHexString(text.hashCode()) + "\",\"parts\":[{\"text\":\"" + text + "\"}]}}}");
        }

        void say(String event) throws IOException {
            var data = "data: {\"jsonrpc\":\"2.0\",\"id\":" + call.path("id") + ",\"result\":" + event + "}\n\n";
            exchange.getResponseBody().write(data.getBytes(StandardCharsets.UTF_8));
            exchange.getResponseBody().flush();
        }

        /// Its task, with words that have no id.
        static String taskIn(String state) {
            return "{\"id\":\"" + TASK + "\",\"contextId\":\"c\",\"status\":{\"state\":\"TASK_STATE_" + state
                    + "\"},\"history\":[{\"role\":\"ROLE_AGENT\",\"parts\":[{\"text\":\"thinking\"}]}]}";
        }
    }
}
