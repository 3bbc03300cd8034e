package ai.molecule.fly;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/// A plain client of the API, for tests.
final class Flaps {

    private final HttpClient client = HttpClient.newHttpClient();
    private final URI base;
    private final String authorization;

    Flaps(URI base, String authorization) {
        this.base = base;
        this.authorization = authorization;
    }

    record Answer(int status, String text, HttpResponse<String> raw) {
        JsonNode json() {
            return Json.trusted(text);
        }

        String error() {
            return json().path("error").asText();
        }
    }

    Answer call(String method, String path) throws IOException, InterruptedException {
        return call(method, path, null);
    }

    Answer call(String method, String path, @org.jspecify.annotations.Nullable String body, String... headers)
            throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(base.resolve(path))
                .header("Authorization", authorization)
                .method(
                        method,
                        body == null ? HttpRequest.BodyPublishers.noBody() : HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        var answer = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        return new Answer(answer.statusCode(), answer.body(), answer);
    }

    static final String MACHINES = "/v1/apps/agents/machines";

    static String machine(String name, String more) {
        return """
                {"name": "%s", "region": "ams", "config": {"image": "registry.example/agent:1",
                 "guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": 512}, "metadata": {"mine": "yes"}%s}}""".formatted(name, more);
    }

    /// Makes one, and waits until it is started.
    String started(String name, String more) throws IOException, InterruptedException {
        var made = call("POST", MACHINES, machine(name, more));
        if (made.status() != 200) {
            throw new IOException(made.status() + " " + made.text());
        }
        var id = made.json().path("id").asText();
        reach(id, "started");
        return id;
    }

    void reach(String id, String state) throws IOException, InterruptedException {
        var answer = call("GET", MACHINES + "/" + id + "/wait?state=" + state + "&timeout=20");
        if (answer.status() != 200) {
            throw new IOException(answer.status() + " " + answer.text());
        }
    }

    String state(String id) throws IOException, InterruptedException {
        return call("GET", MACHINES + "/" + id).json().path("state").asText();
    }
}
