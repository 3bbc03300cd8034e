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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The line to agents: HTTP, one connection kept per agent where it can be, no redirects, and a limit on everything.
public final class AgentLine implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(AgentLine.class);
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
                    Fault.LATE, "Expected the agent to answer within " + idlePatience.toSeconds() + " s", late);
        } catch (IOException broken) {
            throw new LineException(
                    Fault.UNREACHABLE, "Expected to reach the agent, but the connection failed", broken);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new LineException(Fault.UNREACHABLE, "Expected an answer, but the platform is stopping", stopped);
        }
    }

    private Reply whole(HttpResponse<InputStream> response, String kind) throws IOException, LineException {
        var body = response.body();
        var late = new AtomicBoolean();
        var watch = CompletableFuture.runAsync(
                () -> {
                    late.set(true);
                    closeQuietly(body);
                },
                CompletableFuture.delayedExecutor(idlePatience.toNanos(), TimeUnit.NANOSECONDS));
        try (body) {
            var bytes = body.readNBytes(ANSWER_BYTES_MAX + 1);
            if (bytes.length > ANSWER_BYTES_MAX) {
                throw new LineException(
                        Fault.NONSENSE, "Expected an answer of at most " + ANSWER_BYTES_MAX + " bytes", null);
            }
            var status = response.statusCode();
            var json = kind.startsWith("application/json") || kind.startsWith("application/a2a+json");
            // A redirect, or the agent refusing us, is not the caller's affair.
            if (!json || (status >= 300 && status < 400) || status == 401) {
                throw new LineException(
                        Fault.NONSENSE,
                        "Expected JSON from the agent, but found status " + status + " of type " + kind,
                        null);
            }
            return new Reply.Whole(status, kind, bytes);
        } catch (IOException broken) {
            if (late.get()) {
                throw new LineException(
                        Fault.LATE,
                        "Expected the agent's whole answer within " + idlePatience.toSeconds() + " s",
                        broken);
            }
            throw broken;
        } finally {
            watch.cancel(false);
        }
    }

    private static void closeQuietly(InputStream body) {
        try {
            body.close();
        } catch (IOException alreadyBroken) {
            LOG.debug("An answer was broken already when its time was over", alreadyBroken);
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
    }

    /// Why a call did not come to an answer.
    enum Fault {
        /// Nothing reached the agent, as far as we know.
        UNREACHABLE,
        /// The agent has the call, and may still be at it.
        LATE,
        /// The agent answered, but nothing that can be passed on.
        NONSENSE
    }

    /// A call that did not come to an answer.
    static final class LineException extends Exception {
        private static final long serialVersionUID = 1L;

        private final Fault fault;

        LineException(Fault fault, String message, @Nullable Throwable cause) {
            super(message, cause);
            this.fault = fault;
        }

        Fault fault() {
            return fault;
        }
    }
}
