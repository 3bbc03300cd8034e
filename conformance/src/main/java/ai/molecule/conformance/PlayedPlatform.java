package ai.molecule.conformance;

import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Heartbeat;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Message;
import ai.molecule.protocol.Registration;
import ai.molecule.protocol.Task;
import ai.molecule.protocol.TaskState;
import ai.molecule.protocol.WireException;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Predicate;

/// The platform as an agent sees it, with one workspace and one colleague, and a note of everything that the agent
/// said. What it answers has the form of `docs/openapi.yaml`.
final class PlayedPlatform implements AutoCloseable {

    /// A secret that its one workspace has in any case.
    private static final String SECRET = "CONFORMANCE_SECRET";

    private static final int BODY_BYTES_MAX = 1024 * 1024;
    private static final Duration PACE = Duration.ofMillis(20);

    private final WorkspaceId workspace = new WorkspaceId(UUID.randomUUID());
    private final WorkspaceId colleague = new WorkspaceId(UUID.randomUUID());
    private final String enrolment = "enrol-" + UUID.randomUUID();
    private final String token = "token-" + UUID.randomUUID();
    private final String inboundSecret = "inbound-" + UUID.randomUUID();
    private final List<Seen> seen = new ArrayList<>();
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final HttpServer server;
    private final Map<String, String> secrets;
    private final PlayedUplink uplink = new PlayedUplink();
    private boolean enrolled;
    private boolean removed;
    private int epoch;

    private PlayedPlatform(HttpServer server, Map<String, String> secrets) {
        this.server = server;
        this.secrets = new TreeMap<>(secrets);
        this.secrets.put(SECRET, "a value");
    }

    /// Opens one that listens at an address of this machine.
    ///
    /// @param secrets what the agent needs
    static PlayedPlatform open(InetAddress address, Map<String, String> secrets) throws IOException {
        var server = HttpServer.create(new InetSocketAddress(address, 0), 100);
        var platform = new PlayedPlatform(server, secrets);
        server.setExecutor(platform.threads);
        server.createContext("/", platform::answer);
        server.start();
        return platform;
    }

    URI url() {
        var address = server.getAddress();
        return URI.create("http://" + address.getAddress().getHostAddress() + ":" + address.getPort());
    }

    WorkspaceId workspace() {
        return workspace;
    }

    /// Whom the agent may delegate to; whatever it is told, it answers that it heard it.
    WorkspaceId colleague() {
        return colleague;
    }

    /// With what the agent registers, once.
    String enrolment() {
        return enrolment;
    }

    /// What it registers with afterwards, and shows with everything else.
    String token() {
        return token;
    }

    /// What is shown to the agent by whoever calls it.
    String inboundSecret() {
        return inboundSecret;
    }

    /// What the agent gets in its environment, or in a file.
    Map<String, String> secrets() {
        return Map.copyOf(secrets);
    }

    PlayedUplink uplink() {
        return uplink;
    }

    /// From now on the workspace is gone, and the agent is told so.
    synchronized void remove() {
        removed = true;
    }

    private synchronized boolean isRemoved() {
        return removed;
    }

    /// All that was seen so far.
    synchronized List<Seen> seen() {
        return List.copyOf(seen);
    }

    /// The first request of a kind, once it comes; empty when it does not in time.
    ///
    /// @param from how many of [#seen] came before
    Optional<Seen> await(int from, Duration patience, Predicate<Seen> wanted) throws InterruptedException {
        var deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            var found = seen().stream().skip(from).filter(wanted).findFirst();
            if (found.isPresent() || System.nanoTime() > deadline) {
                return found;
            }
            Thread.sleep(PACE);
        }
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            var body = exchange.getRequestBody().readNBytes(BODY_BYTES_MAX);
            var path = exchange.getRequestURI().getPath();
            var shown = exchange.getRequestHeaders().getFirst("Authorization");
            var bearer = shown != null && shown.startsWith("Bearer ") ? shown.substring(7) : "";
            var json = read(body);
            var answer = uplinkPoll(path) && bearer.equals(token) && !isRemoved()
                    ? uplink.poll(json)
                    : answer(exchange.getRequestMethod(), path, bearer, json);
            var bytes = Json.bytes(answer.body());
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(answer.status(), bytes.length == 0 ? -1 : bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
            // Once it is answered: whoever sees it may go on from there.
            synchronized (this) {
                seen.add(new Seen(exchange.getRequestMethod(), path, bearer, json, answer.status()));
            }
        }
    }

    private static boolean uplinkPoll(String path) {
        return path.equals("/uplink/poll");
    }

    private static JsonNode read(byte[] body) {
        try {
            return body.length == 0 ? Json.nothing() : Json.read(body);
        } catch (Json.MalformedException bad) {
            return Json.nothing();
        }
    }

    /// What is answered.
    record Answer(int status, JsonNode body) {
        static Answer ok(JsonNode body) {
            return new Answer(200, body);
        }

        static Answer refused(int status, String code, String message) {
            return new Answer(status, Json.object().put("error", message).put("code", code));
        }
    }

    private synchronized Answer answer(String method, String path, String bearer, JsonNode body) {
        if (path.equals("/health")) {
            return Answer.ok(Json.object().put("status", "ok"));
        }
        if (removed) {
            return Answer.refused(410, "workspace_removed", "This workspace was removed");
        }
        if (path.equals("/registry/register")) {
            return register(bearer, body);
        }
        if (!bearer.equals(token)) {
            return Answer.refused(401, "invalid_token", "Expected the token that the registration answered");
        }
        var own = "/workspaces/" + workspace;
        return switch (method + " " + path.replace(own, "{own}").replace(workspace.toString(), "{id}")) {
            case "POST /registry/heartbeat" -> beat(body);
            case "POST /registry/update-card", "POST {own}/notify" ->
                Answer.ok(Json.object().put("status", "ok"));
            case "GET {own}" ->
                Answer.ok(Json.object()
                        .put("id", workspace.toString())
                        .put("name", "Candidate")
                        .put("role", "keeps the contract")
                        .put("model", ""));
            case "GET {own}/state" ->
                Answer.ok(Json.object().put("status", "online").put("paused", false));
            case "GET {own}/secrets/values" -> Answer.ok(Json.trusted(Json.texts(secrets)));
            case "GET {own}/configuration" -> {
                var none = Json.object();
                none.putObject("files");
                none.putArray("warnings");
                yield Answer.ok(none);
            }
            case "GET /registry/{id}/peers" -> Answer.ok(Json.array().add(peer()));
            case "POST {own}/mcp" -> mcp(body);
            case "POST {own}/activity", "POST {own}/memories" -> new Answer(201, Json.object());
            default ->
                path.equals("/workspaces/" + colleague + "/a2a")
                        ? consulted(body)
                        : path.equals("/registry/discover/" + colleague)
                                ? Answer.ok(peer())
                                : Answer.refused(404, "not_found", "There is no " + path + " here");
        };
    }

    private Answer beat(JsonNode body) {
        try {
            var beat = Heartbeat.read(body);
            return beat.workspaceId().equals(workspace)
                    ? Answer.ok(Json.object().put("status", "ok"))
                    : Answer.refused(403, "forbidden", "Expected the workspace of the token");
        } catch (WireException bad) {
            return Answer.refused(400, "invalid_field", String.valueOf(bad.getMessage()));
        }
    }

    private ObjectNode peer() {
        return Json.object()
                .put("id", colleague.toString())
                .put("name", "Colleague")
                .put("role", "hears things")
                .put("tier", 2)
                .put("status", "online")
                .put("url", url() + "/workspaces/" + colleague + "/a2a")
                .put("active_tasks", 0);
    }

    private Answer register(String bearer, JsonNode body) {
        if (!bearer.equals(token) && (enrolled || !bearer.equals(enrolment))) {
            return Answer.refused(
                    401,
                    enrolled && bearer.equals(enrolment) ? "enrolment_used" : "invalid_token",
                    "Expected the enrolment, once, or the token that it was answered with");
        }
        try {
            var registration = Registration.read(body);
            if (registration.id() != null && !registration.id().equals(workspace)) {
                return Answer.refused(403, "forbidden", "Expected the workspace of the enrolment");
            }
            var answer = Json.object().put("status", "registered");
            if (!enrolled) {
                answer.put("auth_token", token);
            }
            enrolled = true;
            uplink.expect(++epoch);
            return Answer.ok(answer.put("workspace_id", workspace.toString())
                    .put("epoch", epoch)
                    .put("delivery_mode", registration.url().isEmpty() ? "uplink" : "push")
                    .put("platform_inbound_secret", inboundSecret));
        } catch (WireException bad) {
            return Answer.refused(400, "invalid_field", String.valueOf(bad.getMessage()));
        }
    }

    /// Whoever asks for tools gets a list of none.
    private static Answer mcp(JsonNode body) {
        var answer = Json.object().put("jsonrpc", "2.0");
        answer.set("id", body.path("id"));
        if (body.path("method").asText().equals("tools/list")) {
            answer.putObject("result").putArray("tools");
        } else {
            answer.putObject("error").put("code", -32601).put("message", "There are no tools here");
        }
        return Answer.ok(answer);
    }

    private static Answer consulted(JsonNode body) {
        var message = Message.read(body.path("params").path("message")).orElse(Message.fromUser(""));
        var context = UUID.randomUUID().toString();
        var id = UUID.randomUUID().toString();
        var task = Task.submitted(id, context, message.in(context, id), Instant.now())
                .wrote("answer", "answer", "heard " + message.text())
                .in(TaskState.COMPLETED, null, Instant.now());
        var answer = Json.object().put("jsonrpc", "2.0");
        answer.set("id", body.path("id"));
        var old = body.path("method").asText().startsWith("message/");
        var version = old ? A2aVersion.V0_3 : A2aVersion.V1_0;
        if (old) {
            answer.set("result", task.toJson(version));
        } else {
            answer.putObject("result").set("task", task.toJson(version));
        }
        return Answer.ok(answer);
    }

    @Override
    public void close() {
        uplink.close();
        server.stop(0);
        threads.shutdownNow();
    }
}
