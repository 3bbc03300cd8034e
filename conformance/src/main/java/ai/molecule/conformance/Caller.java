package ai.molecule.conformance;

import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.SseParser;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Calls an agent as the platform does: at its address, or over the uplink that it opened.
final class Caller {

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final PlayedPlatform platform;
    private final Optional<URI> url;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .build();

    /// @param url where the agent is; empty for its uplink
    Caller(PlayedPlatform platform, Optional<URI> url) {
        this.platform = platform;
        this.url = url;
    }

    /// What came back.
    ///
    /// @param bodies one answer, or the events of a stream
    record Answered(int status, List<JsonNode> bodies) {
        Answered {
            bodies = List.copyOf(bodies);
        }

        /// The last one; missing for none.
        JsonNode last() {
            return bodies.isEmpty() ? Json.nothing() : bodies.getLast();
        }
    }

    /// True where it is called at an address of its own.
    boolean overHttp() {
        return url.isPresent();
    }

    /// Calls as the platform.
    Answered call(A2aVersion version, JsonNode body) throws IOException, InterruptedException {
        var headers = new HashMap<String, String>();
        if (version == A2aVersion.V1_0) {
            headers.put(A2aVersion.HEADER, version.wire());
        }
        if (url.isEmpty()) {
            return new Answered(200, platform.uplink().call(headers, body, PATIENCE));
        }
        headers.put("Authorization", "Bearer " + platform.inboundSecret());
        return post(url.get(), headers, Json.bytes(body));
    }

    /// Calls as somebody who has no business here; only over HTTP.
    Answered callAsStranger(JsonNode body) throws IOException, InterruptedException {
        return post(url.orElseThrow(), Map.of("Authorization", "Bearer stranger"), Json.bytes(body));
    }

    /// Sends what is no JSON; only over HTTP.
    Answered garble() throws IOException, InterruptedException {
        return post(
                url.orElseThrow(),
                Map.of("Authorization", "Bearer " + platform.inboundSecret()),
                "{\"jsonrpc\": ".getBytes(StandardCharsets.UTF_8));
    }

    /// What is at a path of the agent.
    Answered get(String path) throws IOException, InterruptedException {
        var response = whole(HttpRequest.newBuilder(url.orElseThrow().resolve(path))
                .timeout(PATIENCE)
                .header("Authorization", "Bearer " + platform.inboundSecret())
                .build());
        return new Answered(response.statusCode(), parsed(response.body()));
    }

    /// An answer with its end, which may not come.
    private HttpResponse<byte[]> whole(HttpRequest request) throws IOException, InterruptedException {
        var answer = client.sendAsync(request, HttpResponse.BodyHandlers.ofByteArray());
        try {
            return answer.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
        } catch (TimeoutException endless) {
            throw new IOException("its answer has no end within " + PATIENCE.toSeconds() + " s", endless);
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof IOException io ? io : new IOException(failed.getCause());
        } finally {
            answer.cancel(true);
        }
    }

    private Answered post(URI where, Map<String, String> headers, byte[] body)
            throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(where)
                .timeout(PATIENCE)
                .header("Content-Type", "application/json")
                .header("Accept", "application/json, text/event-stream")
                .POST(HttpRequest.BodyPublishers.ofByteArray(body));
        headers.forEach(request::header);
        var response = whole(request.build());
        var type = response.headers().firstValue("Content-Type").orElse("");
        return new Answered(
                response.statusCode(),
                type.startsWith("text/event-stream") ? events(response.body()) : parsed(response.body()));
    }

    private static List<JsonNode> events(byte[] stream) throws IOException {
        var texts = new ArrayList<String>();
        try {
            new SseParser(texts::add).feed(ByteBuffer.wrap(stream));
        } catch (SseParser.TooLargeException large) {
            throw new IOException(large);
        }
        var all = new ArrayList<JsonNode>();
        for (var text : texts) {
            all.addAll(parsed(text.getBytes(StandardCharsets.UTF_8)));
        }
        return all;
    }

    private static List<JsonNode> parsed(byte[] body) {
        try {
            return List.of(Json.read(body));
        } catch (Json.MalformedException none) {
            return List.of();
        }
    }
}
