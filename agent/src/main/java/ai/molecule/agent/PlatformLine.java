package ai.molecule.agent;

import ai.molecule.protocol.A2aMethod;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Heartbeat;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Message;
import ai.molecule.protocol.Registration;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.UUID;

/// The agent's line to the platform.
final class PlatformLine {

    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final Duration PEER_PATIENCE = Duration.ofMinutes(5);

    private final URI platform;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();
    private volatile String token = "";

    PlatformLine(URI platform) {
        this.platform = platform;
    }

    /// Asks whether the platform is there, whatever comes of it, so that the first call that matters is fast.
    void tryOut() throws InterruptedException {
        var request = HttpRequest.newBuilder(platform.resolve("health"))
                .timeout(PATIENCE)
                .build();
        try {
            var answer = client.send(request, HttpResponse.BodyHandlers.discarding());
            System.out.println("made ahead; the platform answers with status " + answer.statusCode());
        } catch (IOException notYet) {
            System.out.println("made ahead; the platform is not reachable yet: " + notYet);
        }
    }

    /// Shows a token from now on.
    void use(String next) {
        token = next;
    }

    /// Registers, once.
    JsonNode register(Registration registration) throws IOException, InterruptedException {
        return post("registry/register", registration.toJson(), PATIENCE, Map.of());
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

    private JsonNode post(String path, ObjectNode body, Duration patience, Map<String, String> headers)
            throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(platform.resolve(path))
                .timeout(patience)
                .header("Content-Type", "application/json")
                .header("Authorization", "Bearer " + token)
                .POST(HttpRequest.BodyPublishers.ofByteArray(Json.bytes(body)));
        headers.forEach(request::header);
        var response = client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
        JsonNode answer;
        try {
            answer = Json.read(response.body());
        } catch (Json.MalformedException notOurs) {
            throw new IOException(
                    "Expected JSON from the platform, but found status " + response.statusCode(), notOurs);
        }
        if (response.statusCode() != 200 && !answer.has("jsonrpc")) {
            throw new RefusedException(
                    response.statusCode(),
                    answer.path("code").asText(),
                    answer.path("error").asText());
        }
        return answer;
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
