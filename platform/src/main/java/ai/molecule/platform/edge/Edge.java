package ai.molecule.platform.edge;

import ai.molecule.platform.access.Caller;
import ai.molecule.protocol.Problem;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import io.helidon.http.DirectHandler;
import io.helidon.http.Header;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ListenerConfig;
import io.helidon.webserver.ServerConnectionException;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.websocket.WsConfig;
import io.helidon.webserver.websocket.WsRouting;
import io.helidon.websocket.WsListener;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The listener and what stands before every route: identity, limits, headers, errors.
public final class Edge implements AutoCloseable {

    private static final int CONNECTIONS_MAX = 20_000;
    private static final int FRAME_BYTES_MAX = 32 * 1024 * 1024;

    /// A frame of an uplink may hold a whole answer.
    private static final WsConfig WEB_SOCKETS =
            WsConfig.builder().maxFrameLength(FRAME_BYTES_MAX).build();

    private static final Duration GRACE = Duration.ofSeconds(5);
    private static final Header NO_SNIFF = HeaderValues.create("X-Content-Type-Options", "nosniff");
    private static final Header NO_FRAME = HeaderValues.create("X-Frame-Options", "DENY");
    private static final Header NO_REFERRER = HeaderValues.create("Referrer-Policy", "no-referrer");
    private static final String AGENTS = "agents";
    private static final Set<String> NEVER_LIMITED =
            Set.of("/registry/heartbeat", "/uplink/poll", "/uplinks/{id}", "/workspaces/{id}/inbox");

    /// Where agents come in.
    private static final Set<String> ENTRANCES =
            Set.of("/registry/register", "/registry/join", "/registry/heartbeat", "/uplink/poll");

    private final WebServer server;
    private final Gate gate;
    private final Limits limits;
    private final RateLimit rateLimit;
    private final Refusals refusals;
    private final MeterRegistry meters;
    private final CanvasFiles canvas = new CanvasFiles();

    private Edge(
            Listening listening,
            Guard guard,
            List<Route> routes,
            Map<String, Supplier<WsListener>> sockets,
            MeterRegistry meters) {
        this.gate = guard.gate();
        this.limits = guard.limits();
        this.rateLimit = guard.rateLimit();
        this.refusals = guard.refusals();
        this.meters = meters;
        var cors = new Cors(listening.corsOrigins());
        var builder = WebServer.builder().shutdownHook(false).addRouting(routing(routes, cors));
        var webSockets = WsRouting.builder();
        sockets.forEach(webSockets::endpoint);
        builder.addRouting(webSockets);
        listen(builder, listening.host(), listening.port());
        listening
                .agents()
                .ifPresent(address -> builder.putSocket(AGENTS, socket -> {
                    listen(socket, address, listening.port());
                    socket.addRouting(routing(routes, cors));
                    socket.addRouting(webSockets);
                }));
        this.server = builder.build();
    }

    private void listen(ListenerConfig.BuilderBase<?, ?> listener, String host, int port) {
        listener.host(host)
                .port(port)
                .shutdownGracePeriod(GRACE)
                // Half a request head is waited for without an end; what that can cost is bounded here.
                .maxTcpConnections(CONNECTIONS_MAX)
                .idleConnectionTimeout(limits.socketPatience())
                .idleConnectionPeriod(limits.socketPatience().dividedBy(4))
                // Threads are virtual: channels bring nothing but a second buffer for each connection.
                .useNio(false)
                .connectionOptions(options -> options.tcpNoDelay(true))
                // HTTP/1.1 is spoken behind a door that knows TLS when it sees it.
                .protocolsDiscoverServices(false)
                .addProtocol(WEB_SOCKETS)
                .addConnectionSelector(new PlainDoor(WEB_SOCKETS, refusals))
                .directHandlers(DirectHandlers.builder()
                        .addHandler(DirectHandler.EventType.BAD_REQUEST, Edge::beforeRouting)
                        .addHandler(DirectHandler.EventType.FORBIDDEN, Edge::beforeRouting)
                        .addHandler(DirectHandler.EventType.INTERNAL_ERROR, Edge::beforeRouting)
                        .addHandler(DirectHandler.EventType.OTHER, Edge::beforeRouting)
                        .build());
    }

    /// Where to listen.
    ///
    /// @param agents another address of this machine, on which agents come in that cannot reach the first; the
    /// same routes are there
    public record Listening(String host, int port, Optional<String> agents, List<String> corsOrigins) {
        public Listening {
            corsOrigins = List.copyOf(corsOrigins);
        }
    }

    /// Who stands at the door.
    ///
    /// @param refusals keeps in mind who wanted to join and was refused
    public record Guard(Gate gate, Limits limits, RateLimit rateLimit, Refusals refusals) {}

    /// Opens the door.
    ///
    /// @param sockets what listens behind a WebSocket's path
    /// @throws IllegalStateException when the port cannot be had
    public static Edge open(
            Listening listening,
            Guard guard,
            List<Route> routes,
            Map<String, Supplier<WsListener>> sockets,
            MeterRegistry meters) {
        var edge = new Edge(listening, guard, routes, sockets, meters);
        edge.server.start();
        if (!edge.server.isRunning()) {
            throw new IllegalStateException("Expected to listen on " + listening.host() + ":" + listening.port()
                    + ", but the port is in use, or the address is not this machine's");
        }
        return edge;
    }

    /// The port on which agents come in at an address of their own, also where 0 was asked for; -1 where there
    /// is none.
    public int agentsPort() {
        return server.port(AGENTS);
    }

    /// The port that is listened on, also where 0 was asked for.
    public int port() {
        return server.port();
    }

    /// Takes no new requests and lets those under way finish, for a few seconds.
    @Override
    public void close() {
        server.stop();
    }

    private HttpRouting.Builder routing(List<Route> routes, Cors cors) {
        var routing = HttpRouting.builder();
        routing.addFilter(Edge::closeWhenAsked);
        routing.addFilter(cors);
        for (var route : routes) {
            var counter = Counter.builder("molecule_http_requests")
                    .tag("method", route.method().text())
                    .tag("path", route.path())
                    .register(meters);
            routing.route(route.method(), route.path(), (request, response) -> {
                counter.increment();
                serve(route, request, response);
            });
        }
        routing.any((request, response) -> send(response, notRouted(request, routes)));
        routing.error(Throwable.class, (request, response, failure) -> {
            if (failure instanceof CloseConnectionException close) {
                throw close;
            }
            send(response, Errors.answer(failure));
        });
        return routing;
    }

    private void serve(Route route, ServerRequest request, ServerResponse response) {
        @Nullable Caller caller = null;
        try {
            var call = identify(route, request, () -> send(response, Errors.answer(BodyReader.tooSlow())));
            caller = call.identified();
            gate.check(route.who(), call);
            send(response, route.handler().handle(call));
        } catch (RuntimeException failure) {
            if (response.isSent() || failure instanceof ServerConnectionException) {
                throw new CloseConnectionException("The caller went away in the middle of an answer", failure);
            }
            if (failure instanceof Refusal refusal && ENTRANCES.contains(route.path())) {
                refusals.note(request.remotePeer().host(), route.path(), refusal, caller);
            }
            send(response, Errors.answer(failure));
            if (failure instanceof Refusal refusal && refusal.reason() == Reason.REQUEST_TIMEOUT) {
                throw new CloseConnectionException("The rest of the body is not waited for", failure);
            }
        }
    }

    private Call identify(Route route, ServerRequest request, Runnable tooSlow) {
        var counted = !NEVER_LIMITED.contains(route.path());
        if (route.who() == Route.Who.BEARER) {
            rateLimit.countUnknown(request.remotePeer().host());
            return new Call(request, null, Gate.bearer(request.headers()), limits, tooSlow);
        }
        try {
            var identity =
                    gate.identify(request.headers(), request.prologue().method().equals(Method.GET));
            var caller = identity.caller();
            if (caller == null && counted) {
                rateLimit.countUnknown(request.remotePeer().host());
            } else if (caller != null && counted) {
                rateLimit.countKnown(name(caller));
            }
            return new Call(request, caller, identity.bearer(), limits, tooSlow);
        } catch (Refusal refusal) {
            if (refusal.reason() == Reason.INVALID_TOKEN) {
                rateLimit.countUnknown(request.remotePeer().host());
            }
            if (route.who() == Route.Who.OPEN && refusal.reason() == Reason.INVALID_TOKEN) {
                return new Call(request, null, null, limits, tooSlow);
            }
            throw refusal;
        }
    }

    private static String name(Caller caller) {
        return switch (caller) {
            case Caller.Admin _ -> "operator";
            case Caller.Agent(var workspace, var _) -> workspace.toString();
            case Caller.Enrolled(var workspace) -> workspace.toString();
        };
    }

    private Answer notRouted(ServerRequest request, List<Route> routes) {
        var path = request.path().path();
        if (request.prologue().method().equals(Method.GET)) {
            var file = canvas.find(path);
            if (file.isPresent()) {
                return file.get();
            }
        }
        var otherMethod =
                routes.stream().anyMatch(route -> path.matches(route.path().replaceAll("[{][^}]+[}]", "[^/]+")));
        return Errors.answer(
                otherMethod
                        ? new Refusal(Reason.METHOD_NOT_ALLOWED, "Expected another method on this path")
                        : new Refusal(Reason.NOT_FOUND, "Expected a route of the API, but there is none at this path"));
    }

    private static void send(ServerResponse response, Answer answer) {
        response.header(NO_SNIFF).header(NO_FRAME).header(NO_REFERRER);
        switch (answer) {
            case Answer.Body(int status, String contentType, byte[] bytes, Map<String, String> headers) -> {
                headers.forEach(response::header);
                response.header("Content-Type", contentType);
                response.status(Status.create(status)).send(bytes);
            }
            case Answer.Live(var writer) -> writer.write(response);
        }
    }

    /// Helidon keeps a connection open whatever the caller asks (helidon-io/helidon#12324); callers wait for
    /// its end.
    private static void closeWhenAsked(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        chain.proceed();
        if (request.headers().containsToken(HeaderValues.CONNECTION_CLOSE)) {
            throw new CloseConnectionException("The caller asked to close the connection");
        }
    }

    /// What Helidon refuses before any route sees it: malformed request lines, headers and paths.
    private static DirectHandler.TransportResponse beforeRouting(
            DirectHandler.TransportRequest request,
            DirectHandler.EventType type,
            Status status,
            io.helidon.http.ServerResponseHeaders headers,
            String message) {
        var code = new HashMap<>(
                        Map.of(400, "bad_request", 404, "not_found", 403, "forbidden", 413, "payload_too_large"))
                .getOrDefault(status.code(), status.code() < 500 ? "bad_request" : "internal");
        var text = status.code() < 500 ? "Expected a well-formed HTTP/1.1 request" : "internal error";
        return DirectHandler.TransportResponse.builder()
                .status(status)
                .headers(headers)
                .header(HeaderNames.CONTENT_TYPE, "application/json")
                .keepAlive(false)
                .entity(new Problem(text, code).toJson().toString())
                .build();
    }
}
