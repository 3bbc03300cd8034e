package ai.molecule.platform.a2a;

import ai.molecule.platform.registry.Routes.Route;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Locale;
import java.util.concurrent.Executors;

/// The line to agents: HTTP, one connection kept per agent where it can be, no redirects, and a limit on everything.
public final class AgentLine implements AutoCloseable {

    private static final Duration CONNECT_PATIENCE = Duration.ofSeconds(5);
    private static final Duration KEEP_ALIVE = Duration.ofSeconds(15);
    private static final int ANSWER_BYTES_MAX = 16 * 1024 * 1024;

    private final HttpClient client;
    private final Duration idlePatience;

    /// @param idlePatience how long an agent may be silent within a call
    public AgentLine(Duration idlePatience) {
        this.idlePatience = idlePatience;
        this.client = HttpClient.newBuilder()
                .version(HttpClient.Version.HTTP_1_1)
                .connectTimeout(CONNECT_PATIENCE)
                .followRedirects(HttpClient.Redirect.NEVER)
                .executor(Executors.newVirtualThreadPerTaskExecutor())
                .build();
    }

    /// Calls an agent.
    ///
    /// @throws LineException when it cannot be reached, or answers nothing that can be passed on
    Reply call(Route route, Switchboard.Call call) throws LineException {
        var request = HttpRequest.newBuilder(route.address())
                .timeout(idlePatience)
                .header("Content-Type", "application/json")
                .header("Accept", "application/json, text/event-stream")
                .header("Authorization", "Bearer " + route.inboundSecret())
                .POST(HttpRequest.BodyPublishers.ofByteArray(call.body()));
        call.passed().forEach(request::header);
        try {
            var response = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
            var type = response.headers().firstValue("content-type").orElse("");
            var kind = type.toLowerCase(Locale.ROOT);
            if (response.statusCode() == 200 && kind.startsWith("text/event-stream")) {
                return new Reply.Stream(new EventStream(response.body(), KEEP_ALIVE, idlePatience));
            }
            return whole(response, kind);
        } catch (HttpTimeoutException late) {
            throw new LineException(
                    "Expected the agent to answer within " + idlePatience.toSeconds() + " s", false, late);
        } catch (IOException broken) {
            throw new LineException("Expected to reach the agent, but the connection failed", false, broken);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new LineException("Expected an answer, but the platform is stopping", false, stopped);
        }
    }

    private static Reply whole(HttpResponse<InputStream> response, String kind) throws IOException, LineException {
        try (var body = response.body()) {
            var bytes = body.readNBytes(ANSWER_BYTES_MAX + 1);
            if (bytes.length > ANSWER_BYTES_MAX) {
                throw new LineException("Expected an answer of at most " + ANSWER_BYTES_MAX + " bytes", true, null);
            }
            if (!kind.startsWith("application/json") && !kind.startsWith("application/a2a+json")) {
                throw new LineException(
                        "Expected JSON from the agent, but found status " + response.statusCode()
                                + " with another type",
                        true,
                        null);
            }
            var status = response.statusCode();
            // A redirect, or the agent refusing us, is not the caller's affair.
            var passable = status < 300 || (status >= 400 && status != 401);
            return new Reply.Whole(passable ? status : 502, kind, bytes);
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
    }

    /// A call that did not come to an answer.
    static final class LineException extends Exception {
        private static final long serialVersionUID = 1L;

        private final boolean spoken;

        LineException(String message, boolean spoken, @org.jspecify.annotations.Nullable Throwable cause) {
            super(message, cause);
            this.spoken = spoken;
        }

        /// True when the agent answered, but nothing sensible.
        boolean spoken() {
            return spoken;
        }
    }
}
