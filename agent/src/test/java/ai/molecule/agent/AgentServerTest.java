package ai.molecule.agent;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.agent.echo.EchoEngine;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AgentServerTest {

    private static final String CALL =
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"SendStreamingMessage\",\"params\":{\"message\":{\"parts\":[{\"text\":\"hi\"}]}}}";

    private final InboundSecret secret = new InboundSecret();
    private final AgentServer server;
    private final HttpClient client = HttpClient.newHttpClient();

    AgentServerTest() throws IOException {
        var tasks = new Tasks(new EchoEngine(name -> null), (peer, text, traceparent) -> text);
        server = AgentServer.open(
                "127.0.0.1",
                0,
                new A2aEndpoint(tasks),
                secret,
                "{\"name\":\"me\"}".getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }

    @AfterEach
    void close() {
        server.close();
        client.close();
    }

    private HttpResponse<String> send(String path, String bearer, String body)
            throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
        if (!bearer.isEmpty()) {
            request.header("Authorization", "Bearer " + bearer);
        }
        return client.send(
                body.isEmpty()
                        ? request.build()
                        : request.POST(HttpRequest.BodyPublishers.ofString(body))
                                .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void nobodyGetsInWithoutThePlatformsSecret() throws IOException, InterruptedException {
        secret.learn("right");
        assertThat(send("/", "", CALL).statusCode()).isEqualTo(401);
        assertThat(send("/", "wrong", CALL).statusCode()).isEqualTo(401);
        assertThat(send("/.well-known/agent-card.json", "wrong", "").statusCode())
                .isEqualTo(401);
    }

    @Test
    void aCallThatOvertakesTheRegistrationsAnswerWaitsForIt() throws Exception {
        try (var threads = java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor()) {
            var early = threads.submit(() -> send("/", "right", CALL).statusCode());
            secret.learn("right");
            assertThat(early.get()).isEqualTo(200);
        }
    }

    @Test
    void streamsAreEventStreams() throws IOException, InterruptedException {
        secret.learn("right");
        var response = send("/", "right", CALL);
        assertThat(response.headers().firstValue("content-type")).contains("text/event-stream");
        var events = response.body().split("\n\n", -1);
        assertThat(events).hasSizeGreaterThan(3);
        assertThat(events[0]).startsWith("data: ");
    }

    @Test
    void theCardIsServed() throws IOException, InterruptedException {
        secret.learn("right");
        assertThat(send("/.well-known/agent-card.json", "right", "").body()).isEqualTo("{\"name\":\"me\"}");
    }
}
