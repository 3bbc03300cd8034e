package ai.molecule.agent.model;

import dev.langchain4j.exception.HttpException;
import dev.langchain4j.http.client.HttpClient;
import dev.langchain4j.http.client.HttpClientBuilder;
import dev.langchain4j.http.client.HttpRequest;
import dev.langchain4j.http.client.SuccessfulHttpResponse;
import dev.langchain4j.http.client.sse.ServerSentEventListener;
import dev.langchain4j.http.client.sse.ServerSentEventParser;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.function.Consumer;

/// Calls of a model over the agent's own client, so that its proxy and certificates count here too.
///
/// Whoever is asked to wait waits: 429 and 5xx are tried again, after as long as the server says. Calls run on the
/// caller's thread and end when it is interrupted.
final class ModelHttp implements HttpClient, HttpClientBuilder {

    private static final int TRIES = 4;
    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration PAUSE_MAX = Duration.ofSeconds(60);
    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final int PROBLEM_BYTES_MAX = 64 * 1024;

    private final java.net.http.HttpClient client;
    private final Consumer<String> waiting;

    /// @param waiting is told why an answer takes longer
    ModelHttp(java.net.http.HttpClient client, Consumer<String> waiting) {
        this.client = client;
        this.waiting = waiting;
    }

    @Override
    public SuccessfulHttpResponse execute(HttpRequest request) {
        try (var body = open(request)) {
            return SuccessfulHttpResponse.builder()
                    .statusCode(200)
                    .body(new String(body.readAllBytes(), StandardCharsets.UTF_8))
                    .build();
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    @Override
    public void execute(HttpRequest request, ServerSentEventParser parser, ServerSentEventListener listener) {
        try (var body = open(request)) {
            parser.parse(body, listener);
            listener.onClose();
        } catch (IOException | RuntimeException failed) {
            listener.onError(failed);
        }
    }

    private InputStream open(HttpRequest request) throws IOException {
        try {
            var pause = PAUSE;
            for (int tries = 1; ; tries++) {
                var response = client.send(jdk(request), HttpResponse.BodyHandlers.ofInputStream());
                if (response.statusCode() / 100 == 2) {
                    return new Watched(response.body(), Watched.Bounds.USUAL);
                }
                var problem = problem(response);
                if (tries == TRIES || !passing(response.statusCode())) {
                    throw new HttpException(response.statusCode(), problem);
                }
                var wanted = wanted(response, pause);
                if (wanted.compareTo(PAUSE_MAX) > 0) {
                    throw new HttpException(response.statusCode(), problem);
                }
                waiting.accept(
                        "the model asks for " + wanted.toSeconds() + " s of patience (" + response.statusCode() + ")");
                Thread.sleep(wanted);
                pause = pause.multipliedBy(2);
            }
        } catch (InterruptedException canceled) {
            Thread.currentThread().interrupt();
            throw new IOException("canceled", canceled);
        }
    }

    /// What a server says that may be otherwise a moment later.
    private static boolean passing(int status) {
        return status == 429 || (status / 100 == 5 && status != 501);
    }

    private static String problem(HttpResponse<InputStream> response) throws IOException {
        try (var body = response.body()) {
            return new String(body.readNBytes(PROBLEM_BYTES_MAX), StandardCharsets.UTF_8);
        }
    }

    /// How long the server wants us to wait: `Retry-After` in seconds (RFC 9110, section 10.2.3).
    private static Duration wanted(HttpResponse<?> response, Duration otherwise) {
        return response.headers()
                .firstValue("Retry-After")
                .filter(text -> text.matches("[0-9]{1,6}"))
                .map(text -> Duration.ofSeconds(Long.parseLong(text)))
                .orElse(otherwise);
    }

    private static java.net.http.HttpRequest jdk(HttpRequest request) {
        var jdk = java.net.http.HttpRequest.newBuilder(URI.create(request.url()))
                .timeout(PATIENCE)
                .method(
                        request.method().name(),
                        request.body() == null
                                ? java.net.http.HttpRequest.BodyPublishers.noBody()
                                : java.net.http.HttpRequest.BodyPublishers.ofString(request.body()));
        request.headers().forEach((name, values) -> values.forEach(value -> jdk.header(name, value)));
        return jdk.build();
    }

    @Override
    public Duration connectTimeout() {
        return PATIENCE;
    }

    @Override
    public HttpClientBuilder connectTimeout(Duration timeout) {
        return this;
    }

    @Override
    public Duration readTimeout() {
        return PATIENCE;
    }

    @Override
    public HttpClientBuilder readTimeout(Duration timeout) {
        return this;
    }

    @Override
    public HttpClient build() {
        return this;
    }
}
