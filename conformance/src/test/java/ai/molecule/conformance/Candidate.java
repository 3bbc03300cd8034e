package ai.molecule.conformance;

import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Message;
import ai.molecule.protocol.Task;
import ai.molecule.protocol.TaskState;
import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/// The smallest agent that keeps the contract, of A2A 0.3, with one fault where it is told to have one.
public final class Candidate {

    private static final Map<String, Task> TASKS = new ConcurrentHashMap<>();
    private static final Map<String, Task> TAKEN = new ConcurrentHashMap<>();

    private final String fault;
    private final HttpClient client = HttpClient.newHttpClient();
    private volatile String secret = "";

    private Candidate(String fault) {
        this.fault = fault;
    }

    /// Runs it.
    ///
    /// @param arguments its fault
    public static void main(String[] arguments) throws Exception {
        new Candidate(arguments.length == 0 ? "" : arguments[0]).run();
    }

    private boolean has(String one) {
        return fault.equals(one);
    }

    private static String variable(String name) {
        return System.getenv().getOrDefault(name, "");
    }

    private void run() throws Exception {
        if (has("ends at once")) {
            System.out.println("I would rather not");
            return;
        }
        if (has("does not stop")) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                try {
                    TimeUnit.MINUTES.sleep(2);
                } catch (InterruptedException never) {
                    Thread.currentThread().interrupt();
                }
            }));
        }
        var file = Path.of(variable("WORKSPACE_CONFIG_PATH"), ".auth_token");
        var credential = Files.readString(file);
        var port = Integer.parseInt(variable("PORT"));
        if (!has("does not listen")) {
            var server = HttpServer.create(new InetSocketAddress(variable("HOST"), port), 0);
            server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
            server.createContext("/", this::answer);
            server.start();
        }
        var body = Json.object().put("id", variable("WORKSPACE_ID")).put("url", "http://127.0.0.1:" + port + "/");
        body.set("agent_card", card());
        var answer = post("/registry/register", credential, body);
        if (answer.has("auth_token") && !has("forgets its token")) {
            Files.writeString(file, answer.path("auth_token").asText());
        }
        secret = answer.path("platform_inbound_secret").asText();
        var token = answer.has("auth_token") ? answer.path("auth_token").asText() : credential;
        for (var looks = 0; looks < 1200; looks++) {
            if (!has("does not beat")) {
                post("/registry/heartbeat", has("beats with its enrolment") ? credential : token, beat());
            }
            TimeUnit.MILLISECONDS.sleep(500);
        }
    }

    private static JsonNode beat() {
        return Json.object()
                .put("workspace_id", variable("WORKSPACE_ID"))
                .put("error_rate", 0)
                .put("sample_error", "")
                .put("active_tasks", 0)
                .put("current_task", "")
                .put("uptime_seconds", 1);
    }

    private JsonNode card() {
        var card = Json.object().put("name", "Candidate").put("description", "Keeps the contract");
        card.put("version", "1").putObject("capabilities").put("streaming", !has("says it does not stream"));
        if (!has("has half a card")) {
            card.putArray("skills");
        }
        return card;
    }

    private JsonNode post(String path, String bearer, JsonNode body) throws IOException, InterruptedException {
        var response = client.send(
                HttpRequest.newBuilder(URI.create(variable("PLATFORM_URL") + path))
                        .header("Authorization", "Bearer " + bearer)
                        .POST(HttpRequest.BodyPublishers.ofByteArray(Json.bytes(body)))
                        .build(),
                HttpResponse.BodyHandlers.ofByteArray());
        if (response.statusCode() == 410 && !has("stays when removed")) {
            System.exit(0);
        }
        return Json.trusted(new String(response.body(), StandardCharsets.UTF_8));
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            var shown = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
            if (secret.isEmpty()) {
                send(exchange, 401, List.of(Json.object()), false);
            } else if (exchange.getRequestMethod().equals("GET")) {
                var known = exchange.getRequestURI().getPath().equals("/.well-known/agent-card.json");
                send(exchange, known && !has("hides its card") ? 200 : 404, List.of(card()), false);
            } else if (!shown.equals("Bearer " + secret) && !has("lets everybody in")) {
                send(exchange, 401, List.of(Json.object()), false);
            } else {
                var call = Json.trusted(new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
                var stream = call.path("method").asText().equals("message/stream");
                send(exchange, 200, answers(call), stream);
            }
        }
    }

    private static void send(HttpExchange exchange, int status, List<JsonNode> bodies, boolean stream)
            throws IOException {
        var text = new StringBuilder();
        for (var body : bodies) {
            text.append(stream ? "data: " : "").append(Json.text(body)).append(stream ? "\n\n" : "");
        }
        var bytes = text.toString().getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", stream ? "text/event-stream" : "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private List<JsonNode> answers(JsonNode call) {
        return switch (call.path("method").asText()) {
            case "message/send" -> {
                if (has("says nothing")) {
                    yield List.of(result(call, Json.object()));
                }
                if (has("answers with messages")) {
                    yield List.of(result(
                            call, Message.fromAgent("context", "", "hello").toJson(A2aVersion.V0_3)));
                }
                yield List.of(result(call, task(call).toJson(A2aVersion.V0_3)));
            }
            case "message/stream" -> {
                var task = task(call);
                var status = Json.object()
                        .put("kind", "status-update")
                        .put("taskId", task.id())
                        .put("contextId", task.contextId())
                        .put("final", true);
                status.set("status", task.status(A2aVersion.V0_3));
                var begun = task.in(TaskState.WORKING, null, Instant.now()).toJson(A2aVersion.V0_3);
                yield has("breaks off")
                        ? List.of(result(call, begun))
                        : List.of(result(call, begun), result(call, status));
            }
            case "tasks/get" -> {
                var known = TASKS.get(call.path("params").path("id").asText());
                yield List.of(
                        known == null || has("forgets its tasks")
                                ? error(call, has("has its own codes") ? 1 : -32001)
                                : result(call, known.toJson(A2aVersion.V0_3)));
            }
            default -> List.of(error(call, has("has its own codes") ? 2 : -32601));
        };
    }

    private Task task(JsonNode call) {
        var message = Message.read(call.path("params").path("message")).orElseThrow();
        var id = UUID.randomUUID().toString();
        var fresh = Task.submitted(id, "context", message.in("context", id), Instant.now())
                .wrote("answer", "answer", "heard " + message.text())
                .in(TaskState.COMPLETED, null, Instant.now());
        var task = has("takes messages twice") ? fresh : TAKEN.computeIfAbsent(message.messageId(), first -> fresh);
        TASKS.put(task.id(), task);
        return task;
    }

    private static JsonNode result(JsonNode call, JsonNode result) {
        var answer = Json.object().put("jsonrpc", "2.0");
        answer.set("id", call.path("id"));
        answer.set("result", result);
        return answer;
    }

    private static JsonNode error(JsonNode call, int code) {
        var answer = Json.object().put("jsonrpc", "2.0");
        answer.set("id", call.path("id"));
        answer.putObject("error").put("code", code).put("message", "no");
        return answer;
    }
}
