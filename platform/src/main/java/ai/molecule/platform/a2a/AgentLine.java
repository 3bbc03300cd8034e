package ai.molecule.platform.a2a;

import ai.molecule.platform.registry.GuardedClient;
import ai.molecule.platform.registry.Routes.Route;
import ai.molecule.platform.registry.UrlGuard;
import ai.molecule.platform.uplink.Uplink;
import ai.molecule.platform.uplink.Uplinks;
import ai.molecule.protocol.A2aMethod;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.AgentCard;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.JsonRpc.ErrorCode;
import ai.molecule.protocol.Network;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import javax.net.ssl.SSLHandshakeException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The line to agents: JSON-RPC over HTTP, connections kept where they can be, no redirects, and a limit on
/// everything.
public final class AgentLine implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(AgentLine.class);
    private static final Duration GREETING_PATIENCE = Duration.ofSeconds(2);
    private static final Duration QUESTION_PATIENCE = Duration.ofSeconds(15);
    private static final int ANSWER_BYTES_MAX = 16 * 1024 * 1024;

    /// For agents that backends run, and for other processes of the platform.
    private final HttpClient inside;
    /// For agents that say themselves where they are.
    private final GuardedClient outside;
    private final Patience patience;
    private final Uplinks uplinks;

    /// How long an agent may be silent.
    ///
    /// @param answer before a whole answer
    /// @param stream within a stream
    public record Patience(Duration answer, Duration stream) {
        public static final Patience DEFAULT = new Patience(Duration.ofMinutes(30), Duration.ofMinutes(5));
    }

    /// @param network how calls get out; those to agents nearby need no way
    public AgentLine(Patience patience, Uplinks uplinks, UrlGuard urls, Network network) {
        this.patience = patience;
        this.uplinks = uplinks;
        this.inside = network.directWithoutTls()
                .builder()
                .executor(Executors.newVirtualThreadPerTaskExecutor())
                .build();
        this.outside = new GuardedClient(urls, network);
    }

    private <T> CompletableFuture<HttpResponse<T>> sendAsync(Route route, HttpRequest request, BodyHandler<T> body) {
        return route.guarded() ? outside.sendAsync(request, body) : inside.sendAsync(request, body);
    }

    /// How long an agent's stream may be silent.
    Duration streamPatience() {
        return patience.stream();
    }

    /// What an agent answers with.
    sealed interface Heard {
        /// A whole answer: a JSON-RPC response.
        record Whole(JsonNode response) implements Heard {}

        /// A stream of JSON-RPC responses.
        record Stream(EventSource events) implements Heard {}
    }

    /// Calls an agent.
    ///
    /// @param params in the words of the version the agent speaks
    /// @param headers that go with the call
    /// @throws LineException when it cannot be reached, or answers nothing that can be used
    Heard call(Route route, A2aMethod method, ObjectNode params, Map<String, String> headers) throws LineException {
        return call(route, method, params, headers, cancel -> {});
    }

    /// Calls an agent, and gives the means to break the call off before the head of its answer is there.
    Heard call(
            Route route,
            A2aMethod method,
            ObjectNode params,
            Map<String, String> headers,
            Consumer<Runnable> cancellation)
            throws LineException {
        var uplink = route.uplinked() ? uplinks.find(route.workspace(), route.epoch()) : Optional.<Uplink>empty();
        if (uplink.isPresent()) {
            var answer = new UplinkAnswer();
            cancellation.accept(answer::cancel);
            answer.ask(uplink.get(), headers(route, headers), body(route.speaks(), method, params));
            return answer.head(patience(method));
        }
        try {
            return call(sendAsync(route, request(route, method, params, headers), AgentLine::body), cancellation);
        } catch (IllegalArgumentException unspeakable) {
            throw new LineException(Fault.NONSENSE, "the call cannot be put into HTTP", unspeakable);
        }
    }

    private HttpRequest request(Route route, A2aMethod method, ObjectNode params, Map<String, String> headers) {
        var request = HttpRequest.newBuilder(route.address())
                .timeout(patience(method))
                .header("Content-Type", "application/json")
                .header("Accept", method.streams() ? "text/event-stream, application/json" : "application/json")
                .header("Authorization", "Bearer " + route.secret())
                .POST(HttpRequest.BodyPublishers.ofByteArray(Json.bytes(body(route.speaks(), method, params))));
        headers(route, headers).forEach(request::setHeader);
        return request.build();
    }

    /// What goes with a call, however it gets to the agent.
    private static Map<String, String> headers(Route route, Map<String, String> more) {
        var headers = new LinkedHashMap<String, String>();
        if (route.speaks() == A2aVersion.V1_0) {
            headers.put(A2aVersion.HEADER, A2aVersion.V1_0.wire());
        }
        headers.putAll(more);
        headers.putAll(route.headers());
        return headers;
    }

    /// Work takes as long as it takes; a question about it is answered soon or not at all.
    private Duration patience(A2aMethod method) {
        if (method.streams()) {
            return patience.stream();
        }
        return method.sends() ? patience.answer() : QUESTION_PATIENCE;
    }

    private Heard call(CompletableFuture<HttpResponse<Object>> answer, Consumer<Runnable> cancellation)
            throws LineException {
        try {
            cancellation.accept(() -> answer.cancel(true));
            var response = sent(answer);
            return switch (response.body()) {
                case EventSource events -> new Heard.Stream(events);
                case InputStream whole -> new Heard.Whole(whole(response, whole));
                case Object other -> throw new IllegalStateException("Expected a body, but found " + other);
            };
        } catch (HttpConnectTimeoutException | ConnectException refused) {
            throw new LineException(Fault.UNREACHABLE, "the agent cannot be reached", refused);
        } catch (SSLHandshakeException untrusted) {
            throw new LineException(
                    Fault.UNREACHABLE,
                    "the agent's certificate is not trusted (SSL_CERT_FILE names a CA of one's own): "
                            + untrusted.getMessage(),
                    untrusted);
        } catch (HttpTimeoutException late) {
            throw new LineException(Fault.LATE, "the agent did not answer in time", late);
        } catch (IOException broken) {
            throw new LineException(Fault.LOST, "the connection to the agent broke", broken);
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
            throw new LineException(Fault.LOST, "the platform is stopping", stopped);
        }
    }

    /// True when the agent that knows the secret is there.
    boolean knows(Route route) {
        if (route.uplinked()) {
            return uplinks.find(route.workspace(), route.epoch()).isPresent();
        }
        var request = HttpRequest.newBuilder(route.address().resolve(AgentCard.PATH))
                .timeout(GREETING_PATIENCE)
                .header("Authorization", "Bearer " + route.secret());
        route.headers().forEach(request::setHeader);
        try {
            return sent(sendAsync(route, request.build(), HttpResponse.BodyHandlers.discarding()))
                            .statusCode()
                    == 200;
        } catch (IOException | LineException notYet) {
            return false;
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /// The task as the agent has it; empty when it has none.
    Optional<ObjectNode> ask(Route route, AgentWords words) throws LineException {
        if (!(call(route, A2aMethod.GET, words.about(), Map.of()) instanceof Heard.Whole(var response))) {
            throw new LineException(Fault.NONSENSE, "the agent answered a question with a stream", null);
        }
        var code = response.path("error").path("code").asInt(0);
        if (code == ErrorCode.TASK_NOT_FOUND.number() || code == ErrorCode.METHOD_NOT_FOUND.number()) {
            return Optional.empty();
        }
        if (code != 0) {
            throw new LineException(Fault.LOST, "the agent answered a question with error " + code, null);
        }
        return words.read(response.path("result")).filter(event -> event.has("task"));
    }

    private static <T> HttpResponse<T> sent(CompletableFuture<HttpResponse<T>> answer)
            throws IOException, InterruptedException, LineException {
        try {
            return answer.get();
        } catch (CancellationException stopped) {
            throw new LineException(Fault.LOST, "the call was broken off", stopped);
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof IOException broken) {
                throw broken;
            }
            throw new LineException(Fault.LOST, "the call was broken off", failed);
        }
    }

    @SuppressWarnings("unchecked") // A body of either kind is only told apart and read.
    private static BodySubscriber<Object> body(HttpResponse.ResponseInfo info) {
        return (BodySubscriber<Object>) (BodySubscriber<?>)
                (info.statusCode() == 200 && kind(info.headers()).startsWith("text/event-stream")
                        ? new EventSource()
                        : HttpResponse.BodySubscribers.ofInputStream());
    }

    private static String kind(HttpHeaders headers) {
        return headers.firstValue("content-type").orElse("").toLowerCase(Locale.ROOT);
    }

    private static ObjectNode body(A2aVersion version, A2aMethod method, ObjectNode params) {
        var body = Json.object()
                .put("jsonrpc", "2.0")
                .put("id", UUID.randomUUID().toString())
                .put("method", method.name(version));
        body.set("params", params);
        return body;
    }

    private JsonNode whole(HttpResponse<?> response, InputStream body) throws IOException, LineException {
        var late = new AtomicBoolean();
        var watch = CompletableFuture.runAsync(
                () -> {
                    late.set(true);
                    closeQuietly(body);
                },
                CompletableFuture.delayedExecutor(patience.stream().toNanos(), TimeUnit.NANOSECONDS));
        try (body) {
            var bytes = body.readNBytes(ANSWER_BYTES_MAX + 1);
            return read(response.statusCode(), kind(response.headers()), bytes);
        } catch (IOException broken) {
            if (late.get()) {
                throw new LineException(Fault.LATE, "the agent did not send its whole answer in time", broken);
            }
            throw broken;
        } finally {
            watch.cancel(false);
        }
    }

    private static JsonNode read(int status, String kind, byte[] bytes) throws LineException {
        if (bytes.length > ANSWER_BYTES_MAX) {
            throw new LineException(
                    Fault.NONSENSE, "the agent's answer is larger than " + ANSWER_BYTES_MAX + " bytes", null);
        }
        checkStatus(status);
        try {
            return usable(status, Json.readKeepable(bytes));
        } catch (Json.MalformedException notJson) {
            throw new LineException(
                    Fault.NONSENSE, "the agent answered status " + status + " of type " + kind + ", not JSON", notJson);
        }
    }

    /// @throws LineException when a status says that there is no answer
    static void checkStatus(int status) throws LineException {
        if (status == 429 || status == 502 || status == 503) {
            throw new LineException(Fault.BUSY, "the agent takes nothing now, by status " + status, null);
        }
        if (status == 504) {
            throw new LineException(Fault.LOST, "the agent answered with status " + status, null);
        }
    }

    /// @throws LineException when it is no JSON-RPC response
    static JsonNode usable(int status, JsonNode json) throws LineException {
        if (json.path("result").isMissingNode() && !json.path("error").isObject()) {
            throw new LineException(
                    Fault.NONSENSE, "the agent answered status " + status + " without result and error", null);
        }
        return json;
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
        inside.shutdownNow();
        outside.close();
    }

    /// Why a call did not come to an answer.
    enum Fault {
        /// Nothing reached the agent.
        UNREACHABLE,
        /// The agent, or what stands before it, takes no calls at the moment.
        BUSY,
        /// The agent may have the call, but its answer is lost.
        LOST,
        /// The agent has the call, and may still be at it.
        LATE,
        /// The agent answered, but nothing that can be used.
        NONSENSE
    }

    /// A call that did not come to an answer. The message goes on with a sentence: "the agent ...".
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
