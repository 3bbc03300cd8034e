package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.ANYONE;

import ai.molecule.platform.a2a.Switchboard;
import ai.molecule.platform.a2a.Switchboard.Incoming;
import ai.molecule.platform.a2a.Switchboard.Outcome;
import ai.molecule.protocol.A2aCall;
import ai.molecule.protocol.A2aMethod;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.JsonRpc;
import ai.molecule.protocol.JsonRpc.ErrorCode;
import ai.molecule.protocol.JsonRpc.Fault;
import ai.molecule.protocol.Legacy;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.RestBinding;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A2A over HTTP, one endpoint for every workspace: JSON-RPC (A2A 1.0, section 9, and 0.3) at its root,
/// HTTP+JSON (1.0, section 11) below.
public final class A2aRoutes {

    private static final HeaderName VERSION = HeaderNames.create(A2aVersion.HEADER);
    private static final HeaderName TIMEOUT = HeaderNames.create("X-Timeout");
    private static final HeaderName TASK_TIMEOUT = HeaderNames.create("X-Task-Timeout");
    private static final HeaderName LAST_EVENT = HeaderNames.create("Last-Event-ID");
    private static final Duration PATIENCE = Duration.ofMinutes(30);
    private static final String BASE = "/workspaces/{id}/a2a";
    private static final List<HeaderName> PASSED = List.of(
            HeaderNames.create("A2A-Extensions"),
            HeaderNames.create("X-A2A-Extensions"),
            HeaderNames.create("traceparent"),
            HeaderNames.create("tracestate"));
    private static final Set<ErrorCode> WITH_STATUS = Set.of(
            ErrorCode.FORBIDDEN, ErrorCode.AGENT_UNAVAILABLE, ErrorCode.MAILBOX_FULL, ErrorCode.BUDGET_EXHAUSTED);
    private static final Map<String, String> COME_BACK = Map.of("Retry-After", "5");

    private final Switchboard switchboard;
    private final InstantSource clock;

    public A2aRoutes(Switchboard switchboard, InstantSource clock) {
        this.switchboard = switchboard;
        this.clock = clock;
    }

    public List<Route> routes() {
        var routes = new ArrayList<Route>();
        routes.add(new Route(Method.POST, BASE, ANYONE, this::jsonRpc));
        routes.add(new Route(Method.POST, BASE + "/", ANYONE, this::jsonRpc));
        for (var path :
                List.of("/message:send", "/message:stream", "/tasks/{task}", "/tasks/{task}/pushNotificationConfigs")) {
            routes.add(new Route(Method.POST, BASE + path, ANYONE, this::rest));
        }
        for (var path : List.of(
                "/tasks",
                "/tasks/{task}",
                "/tasks/{task}/pushNotificationConfigs",
                "/tasks/{task}/pushNotificationConfigs/{config}",
                "/extendedAgentCard")) {
            routes.add(new Route(Method.GET, BASE + path, ANYONE, this::rest));
        }
        routes.add(
                new Route(Method.DELETE, BASE + "/tasks/{task}/pushNotificationConfigs/{config}", ANYONE, this::rest));
        return routes;
    }

    private Answer jsonRpc(Call call) {
        JsonNode id = Json.nothing();
        try {
            var body = Json.readKeepable(call.bytes(call.limits().messageBytes()));
            id = JsonRpc.idOf(body);
            var version =
                    call.header(VERSION).or(() -> call.query(A2aVersion.HEADER)).orElse(null);
            var asked = A2aCall.overJsonRpc(body, version);
            var impatient = version == null && original(asked);
            return answer(switchboard.connect(incoming(call, asked, impatient)), asked);
        } catch (Json.MalformedException bad) {
            return Answer.json(200, JsonRpc.error(id, ErrorCode.PARSE_ERROR, String.valueOf(bad.getMessage())));
        } catch (Fault fault) {
            return refused(fault, fault.toJson(), code -> WITH_STATUS.contains(code) ? code.httpStatus() : 200);
        } catch (Refusal refusal) {
            if (!(refusal.detail() instanceof BodyReader.Beginning(byte[] beginning))) {
                throw refusal;
            }
            return Answer.json(
                    413,
                    JsonRpc.error(
                            JsonRpc.idIn(beginning), ErrorCode.INVALID_REQUEST, String.valueOf(refusal.getMessage())));
        } catch (InterruptedException stopping) {
            throw stopping(stopping);
        }
    }

    /// The original's programs name no version and configure nothing; they are told at once that a message
    /// waits.
    private static boolean original(A2aCall asked) {
        return asked.version() == A2aVersion.V0_3
                && asked.method() == A2aMethod.SEND
                && !asked.params().path("configuration").isObject();
    }

    private static Answer answer(Outcome outcome, A2aCall asked) {
        return switch (outcome) {
            case Outcome.Whole(var result) ->
                Answer.json(200, JsonRpc.result(asked.id(), asked.inCallersWords(result)));
            case Outcome.Waiting(var task) -> Answer.json(202, waiting(task, asked));
            case Outcome.Events(var following) ->
                new Answer.Live(new EventStream(following, new EventStream.Binding() {
                    @Override
                    public JsonNode event(ObjectNode event) {
                        return JsonRpc.result(asked.id(), asked.inCallersWords(event));
                    }

                    @Override
                    public JsonNode error(JsonNode error) {
                        return new Fault(asked.id(), error).toJson();
                    }
                }));
        };
    }

    /// What the original answers when a message waits, which is a result of A2A as well.
    private static ObjectNode waiting(ObjectNode task, A2aCall asked) {
        var answer = JsonRpc.result(asked.id(), Legacy.task(task));
        return answer.put("queued", true)
                .put("status", "queued")
                .put("delivery_mode", "push")
                .put("method", A2aMethod.SEND.name(A2aVersion.V0_3))
                .put("queue_id", task.path("id").asText())
                .put("message", "the message waits in the mailbox until the agent can take it");
    }

    private Answer rest(Call call) {
        var mediaType = mediaType(call);
        try {
            var version = call.header(VERSION).orElse(A2aVersion.V1_0.wire());
            A2aCall.checkVersion(Json.nothing(), version);
            var body = call.request().content().hasEntity()
                    ? call.bytes(call.limits().messageBytes())
                    : Json.bytes(Json.object());
            var asked = RestBinding.read(
                            call.request().prologue().method().text(),
                            call.request().path().path().replaceFirst("^/workspaces/[^/]+/a2a/", ""),
                            query(call),
                            Json.readKeepable(body))
                    .orElseThrow(() ->
                            new Refusal(Refusal.Reason.NOT_FOUND, "Expected an operation of A2A's HTTP+JSON binding"));
            return switch (switchboard.connect(incoming(call, asked, false))) {
                case Outcome.Whole(var result) -> body(200, mediaType, result);
                case Outcome.Waiting(var task) -> body(200, mediaType, task);
                case Outcome.Events(var following) ->
                    new Answer.Live(new EventStream(following, new EventStream.Binding() {
                        @Override
                        public JsonNode event(ObjectNode event) {
                            return event;
                        }

                        @Override
                        public JsonNode error(JsonNode error) {
                            return RestBinding.error(error);
                        }
                    }));
            };
        } catch (Json.MalformedException bad) {
            return body(400, mediaType, RestBinding.error(ErrorCode.PARSE_ERROR, String.valueOf(bad.getMessage())));
        } catch (Fault fault) {
            return refused(fault, RestBinding.error(fault.error()), ErrorCode::httpStatus);
        } catch (InterruptedException stopping) {
            throw stopping(stopping);
        }
    }

    private static Map<String, String> query(Call call) {
        var all = new LinkedHashMap<String, String>();
        for (var name : call.request().query().names()) {
            call.query(name).ifPresent(value -> all.put(name, value));
        }
        return all;
    }

    private static String mediaType(Call call) {
        var asked = call.header(HeaderNames.ACCEPT).orElse("")
                + call.header(HeaderNames.CONTENT_TYPE).orElse("");
        return asked.contains(RestBinding.MEDIA_TYPE) ? RestBinding.MEDIA_TYPE : "application/json";
    }

    private static Answer body(int status, String mediaType, JsonNode body) {
        return new Answer.Body(status, mediaType, Json.bytes(body), Map.of());
    }

    private static Answer refused(Fault fault, JsonNode body, Function<ErrorCode, Integer> status) {
        var code = fault.code().orElse(ErrorCode.INTERNAL_ERROR);
        var comesBack = code == ErrorCode.AGENT_UNAVAILABLE || code == ErrorCode.MAILBOX_FULL;
        return new Answer.Body(
                status.apply(code), "application/json", Json.bytes(body), comesBack ? COME_BACK : Map.of());
    }

    private Incoming incoming(Call call, A2aCall asked, boolean impatient) throws Fault {
        var headers = new LinkedHashMap<String, String>();
        for (var name : PASSED) {
            call.header(name).ifPresent(value -> headers.put(name.defaultCase(), value));
        }
        for (var header : headers.entrySet()) {
            if (!header.getValue().chars().allMatch(each -> each >= ' ' && each <= '~')) {
                throw new Fault(
                        asked.id(),
                        ErrorCode.INVALID_REQUEST,
                        "Expected header " + header.getKey() + " to be printable ASCII");
            }
        }
        var seen = call.header(LAST_EVENT).orElse("");
        if (!seen.matches("[0-9]{0,18}")) {
            throw new Fault(asked.id(), ErrorCode.INVALID_PARAMS, "Expected Last-Event-ID to be an event's number");
        }
        return new Incoming(
                call.id(),
                call.caller(),
                asked,
                headers,
                seen.isEmpty() ? null : Long.valueOf(seen),
                patience(call, asked),
                deadline(call, asked),
                impatient);
    }

    private @Nullable Instant deadline(Call call, A2aCall asked) throws Fault {
        var seconds = call.header(TASK_TIMEOUT).orElse("");
        if (!seconds.matches("[0-9]{0,7}") || seconds.matches("0+")) {
            throw new Fault(
                    asked.id(), ErrorCode.INVALID_PARAMS, "Expected X-Task-Timeout to be a number of seconds above 0");
        }
        return seconds.isEmpty() ? null : clock.instant().plusSeconds(Long.parseLong(seconds));
    }

    private static Duration patience(Call call, A2aCall asked) throws Fault {
        var seconds = call.header(TIMEOUT).orElse("0");
        if (!seconds.matches("[0-9]{1,6}")) {
            throw new Fault(asked.id(), ErrorCode.INVALID_PARAMS, "Expected X-Timeout to be a number of seconds");
        }
        var asks = Duration.ofSeconds(Long.parseLong(seconds));
        return asks.isZero() || asks.compareTo(PATIENCE) > 0 ? PATIENCE : asks;
    }

    private static Refusal stopping(InterruptedException interrupted) {
        Thread.currentThread().interrupt();
        return new Refusal(Refusal.Reason.UNAVAILABLE, "The platform is stopping: " + interrupted.getMessage());
    }
}
