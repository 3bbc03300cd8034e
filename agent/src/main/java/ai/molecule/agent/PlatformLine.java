package ai.molecule.agent;

import ai.molecule.agent.uplink.Addresses;
import ai.molecule.protocol.A2aMethod;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Heartbeat;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Message;
import ai.molecule.protocol.Network;
import ai.molecule.protocol.Registration;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/// The agent's line to the platform.
final class PlatformLine {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration PEER_PATIENCE = Duration.ofMinutes(5);
    private static final Duration TOOL_PATIENCE = Duration.ofMinutes(11);
    private static final int PEERS_MAX = 50;
    private static final Map<String, String> MCP = Map.of("Accept", "application/json, text/event-stream");

    private final Addresses platform;
    private final HttpClient client;
    private final AtomicBoolean left = new AtomicBoolean();
    private volatile String token = "";
    private volatile @Nullable WorkspaceId workspace;

    PlatformLine(Addresses platform) {
        this(platform, Network.DIRECT);
    }

    PlatformLine(Addresses platform, Network network) {
        this.platform = platform;
        this.client = network.client();
    }

    /// Asks whether the platform is there, whatever comes of it, so that the first call that matters is fast.
    void tryOut() throws InterruptedException {
        var request = HttpRequest.newBuilder(platform.current().resolve("health"))
                .timeout(PATIENCE)
                .build();
        try {
            var answer = client.send(request, HttpResponse.BodyHandlers.discarding());
            System.out.println("made ahead; the platform answers with status " + answer.statusCode());
        } catch (IOException notYet) {
            System.out.println("made ahead; the platform is not reachable yet: " + notYet);
        }
    }

    /// Where it is.
    Addresses platform() {
        return platform;
    }

    HttpClient client() {
        return client;
    }

    /// The token that is shown.
    String token() {
        return token;
    }

    /// Shows a token from now on.
    void use(String next) {
        token = next;
    }

    /// Knows from now on whose line it is.
    void workFor(WorkspaceId whose) {
        workspace = whose;
    }

    /// What the agent's workspace is; empty before it was let in.
    Optional<Self> self() throws IOException, InterruptedException {
        var whose = workspace;
        if (whose == null) {
            return Optional.empty();
        }
        var json = get("workspaces/" + whose);
        var peers = new ArrayList<Self.Peer>();
        for (var peer : get("registry/" + whose + "/peers")) {
            if (peers.size() < PEERS_MAX) {
                peers.add(new Self.Peer(
                        peer.path("id").asText(),
                        peer.path("name").asText(),
                        peer.path("role").asText()));
            }
        }
        return Optional.of(new Self(
                json.path("name").asText(),
                json.path("role").asText(),
                json.path("model").asText(),
                peers));
    }

    /// Files, and what tells whether they are still the same.
    record Configured(Map<String, String> files, String tag) {
        Configured {
            files = Map.copyOf(files);
        }
    }

    /// What the agent is configured with.
    ///
    /// @param tag what came with what is known; empty for none
    /// @return empty when it is still the same, or when the platform knows of no such thing
    Optional<Configured> configuration(String tag) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(platform.current().resolve("workspaces/" + whose() + "/configuration"))
                .timeout(PATIENCE)
                .header("Authorization", "Bearer " + token);
        if (!tag.isEmpty()) {
            request.header("If-None-Match", tag);
        }
        var response = sent(request.build());
        if (response.statusCode() == 304 || response.statusCode() == 404) {
            return Optional.empty();
        }
        if (response.statusCode() != 200) {
            throw new IOException("status " + response.statusCode());
        }
        var files = Json.texts(Json.text(answered(response).path("files")));
        return Optional.of(
                new Configured(files, response.headers().firstValue("ETag").orElse("")));
    }

    /// Registers, once.
    JsonNode register(Registration registration) throws IOException, InterruptedException {
        return post("registry/register", registration.toJson(), PATIENCE, Map.of());
    }

    /// Joins as the run of a pipeline, once; what is shown is its proof.
    JsonNode join(ObjectNode application) throws IOException, InterruptedException {
        return post("registry/join", application, PATIENCE, Map.of());
    }

    /// Says that the agent has done what it came for, the first time it is asked to.
    void leave(ObjectNode report) throws IOException, InterruptedException {
        if (left.compareAndSet(false, true)) {
            post("registry/leave", report, PATIENCE, Map.of());
        }
    }

    /// Says what the agent says of itself now.
    void updateCard(WorkspaceId whose, JsonNode card) throws IOException, InterruptedException {
        var body = Json.object().put("workspace_id", whose.toString());
        body.set("agent_card", card);
        post("registry/update-card", body, PATIENCE, Map.of());
    }

    /// Beats, once.
    void beat(Heartbeat heartbeat) throws IOException, InterruptedException {
        post("registry/heartbeat", heartbeat.toJson(), PATIENCE, Map.of());
    }

    /// Sends a text to a peer and waits for its answer.
    ///
    /// @param traceparent in whose course; empty for none
    String consult(WorkspaceId peer, String text, String traceparent) throws IOException, InterruptedException {
        var call =
                Json.object().put("jsonrpc", "2.0").put("id", UUID.randomUUID().toString());
        call.put("method", A2aMethod.SEND.name(A2aVersion.V1_0));
        call.putObject("params").set("message", Message.fromUser(text).toJson(A2aVersion.V1_0));
        var headers = new LinkedHashMap<>(Map.of(A2aVersion.HEADER, A2aVersion.V1_0.wire()));
        if (!traceparent.isEmpty()) {
            headers.put("traceparent", traceparent);
        }
        var answer = post("workspaces/" + peer + "/a2a", call, PEER_PATIENCE, headers);
        if (answer.has("error")) {
            throw new IOException("Expected an answer of " + peer + ", but: "
                    + answer.path("error").path("message").asText());
        }
        var task = answer.path("result").path("task");
        var state = task.path("status").path("state").asText();
        if (!state.equals("TASK_STATE_COMPLETED")) {
            throw new IOException("Expected " + peer + " to complete, but its task is " + state + said(task));
        }
        var words = new StringBuilder();
        task.path("artifacts")
                .forEach(artifact -> artifact.path("parts")
                        .forEach(part -> words.append(part.path("text").asText())));
        return words.toString();
    }

    private static String said(JsonNode task) {
        var parts = task.path("status").path("message").path("parts");
        return parts.isEmpty() ? "" : ": " + String.join(" ", parts.findValuesAsText("text"));
    }

    /// Passes a message on to the platform's own MCP server.
    ///
    /// @param course in whose course; empty for none
    /// @return what it answers; empty for a notification
    Optional<JsonNode> pass(JsonNode message, String course) throws IOException, InterruptedException {
        var headers = course.isEmpty() ? MCP : Map.of("Accept", MCP.get("Accept"), "traceparent", course);
        var response = sent(request("workspaces/" + whose() + "/mcp", message, TOOL_PATIENCE, headers));
        if (response.body().length == 0) {
            return Optional.empty();
        }
        var answer = answered(response);
        if (!answer.has("jsonrpc")) {
            throw new IOException(answer.path("error").asText());
        }
        return Optional.of(answer);
    }

    private WorkspaceId whose() throws IOException {
        var known = workspace;
        if (known == null) {
            throw new IOException("expected to be let in first");
        }
        return known;
    }

    /// Secrets, and what tells whether they are still the same.
    record Fetched(Map<String, String> values, String tag) {
        Fetched {
            values = Map.copyOf(values);
        }
    }

    /// The secrets of the agent's workspace.
    ///
    /// @param tag what came with those that are known; empty for none
    /// @return empty when they are still the same
    Optional<Fetched> secrets(String tag) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(platform.current().resolve("workspaces/" + whose() + "/secrets/values"))
                .timeout(PATIENCE)
                .header("Authorization", "Bearer " + token);
        if (!tag.isEmpty()) {
            request.header("If-None-Match", tag);
        }
        var response = sent(request.build());
        if (response.statusCode() == 304) {
            return Optional.empty();
        }
        if (response.statusCode() != 200) {
            throw new IOException("status " + response.statusCode());
        }
        try {
            var values = new HashMap<String, String>();
            Json.read(response.body())
                    .properties()
                    .forEach(one -> values.put(one.getKey(), one.getValue().asText()));
            return Optional.of(
                    new Fetched(values, response.headers().firstValue("ETag").orElse("")));
        } catch (Json.MalformedException notOurs) {
            throw new IOException("Expected JSON from the platform", notOurs);
        }
    }

    /// An approval that the agent asked for; empty where there is none.
    Optional<JsonNode> approval(String id) throws IOException, InterruptedException {
        try {
            return Optional.of(get("workspaces/" + whose() + "/approvals/" + UUID.fromString(id)));
        } catch (IllegalArgumentException none) {
            return Optional.empty();
        } catch (RefusedException refused) {
            if (refused.status() != 404) {
                throw refused;
            }
            return Optional.empty();
        }
    }

    /// Whether somebody paused the agent's workspace.
    boolean paused() throws IOException, InterruptedException {
        return get("workspaces/" + whose() + "/state").path("paused").asBoolean();
    }

    private JsonNode get(String path) throws IOException, InterruptedException {
        var response = sent(HttpRequest.newBuilder(platform.current().resolve(path))
                .timeout(PATIENCE)
                .header("Authorization", "Bearer " + token)
                .build());
        if (response.statusCode() != 200) {
            throw new RefusedException(response.statusCode(), "", "status " + response.statusCode());
        }
        try {
            return Json.read(response.body());
        } catch (Json.MalformedException notOurs) {
            throw new IOException("Expected JSON from the platform", notOurs);
        }
    }

    private JsonNode post(String path, ObjectNode body, Duration patience, Map<String, String> headers)
            throws IOException, InterruptedException {
        var response = sent(request(path, body, patience, headers));
        var answer = answered(response);
        if (response.statusCode() >= 300 && !answer.has("jsonrpc")) {
            throw new RefusedException(
                    response.statusCode(),
                    answer.path("code").asText(),
                    answer.path("error").asText());
        }
        return answer;
    }

    private HttpRequest request(String path, JsonNode body, Duration patience, Map<String, String> headers) {
        var request = HttpRequest.newBuilder(platform.current().resolve(path))
                .timeout(patience)
                .header("Content-Type", "application/json")
                .header("Authorization", "Bearer " + token)
                .POST(HttpRequest.BodyPublishers.ofByteArray(Json.bytes(body)));
        headers.forEach(request::header);
        return request.build();
    }

    private static JsonNode answered(HttpResponse<byte[]> response) throws IOException {
        try {
            return Json.read(response.body());
        } catch (Json.MalformedException notOurs) {
            throw new IOException(
                    "Expected JSON from the platform, but found status " + response.statusCode(), notOurs);
        }
    }

    /// Where nobody answers, the next call goes to another address.
    private HttpResponse<byte[]> sent(HttpRequest request) throws IOException, InterruptedException {
        var where = platform.current();
        try {
            return client.send(request, HttpResponse.BodyHandlers.ofByteArray());
        } catch (IOException unreachable) {
            platform.leave(where);
            throw unreachable;
        }
    }

    /// The platform understood and refused.
    static final class RefusedException extends IOException {
        private static final long serialVersionUID = 1L;

        private final int status;
        private final String code;

        RefusedException(int status, String code, String message) {
            super(message);
            this.status = status;
            this.code = code;
        }

        /// The stable word for why.
        String code() {
            return code;
        }

        int status() {
            return status;
        }
    }
}
