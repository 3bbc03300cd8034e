package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.ANYONE;

import ai.molecule.platform.a2a.Cards;
import ai.molecule.platform.a2a.Reply;
import ai.molecule.platform.a2a.Switchboard;
import ai.molecule.platform.access.Caller;
import ai.molecule.platform.access.Hierarchy;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.JsonRpc;
import ai.molecule.protocol.JsonRpc.ErrorCode;
import ai.molecule.protocol.Refusal;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A2A over HTTP: one endpoint and one card for every workspace.
public final class A2aRoutes {

    private static final HeaderName VERSION = HeaderNames.create(A2aVersion.HEADER);
    private static final List<HeaderName> PASSED = List.of(
            VERSION,
            HeaderNames.create("A2A-Extensions"),
            HeaderNames.create("X-A2A-Extensions"),
            HeaderNames.create("traceparent"),
            HeaderNames.create("tracestate"));

    private final Switchboard switchboard;
    private final Cards cards;
    private final Hierarchy hierarchy;

    public A2aRoutes(Switchboard switchboard, Cards cards, Hierarchy hierarchy) {
        this.switchboard = switchboard;
        this.cards = cards;
        this.hierarchy = hierarchy;
    }

    public List<Route> routes() {
        return List.of(
                new Route(Method.POST, "/workspaces/{id}/a2a", ANYONE, this::call),
                new Route(Method.POST, "/workspaces/{id}/a2a/", ANYONE, this::call),
                new Route(Method.GET, "/workspaces/{id}/.well-known/agent-card.json", ANYONE, this::card),
                new Route(Method.GET, "/workspaces/{id}/a2a/.well-known/agent-card.json", ANYONE, this::card));
    }

    private Answer card(Call call) {
        hierarchy.checkMayTalk(call.caller(), call.id());
        return Answer.ok(cards.of(call.id()));
    }

    private Answer call(Call call) {
        byte[] body;
        try {
            body = call.bytes(call.limits().messageBytes());
        } catch (Refusal refusal) {
            if (!(refusal.detail() instanceof BodyReader.Beginning(byte[] beginning))) {
                throw refusal;
            }
            return Answer.json(
                    413,
                    JsonRpc.error(
                            JsonRpc.idIn(beginning), ErrorCode.INVALID_REQUEST, String.valueOf(refusal.getMessage())));
        }
        var version =
                call.header(VERSION).or(() -> call.query(A2aVersion.HEADER)).orElse(null);
        var reply = switchboard.connect(new Switchboard.Call(call.id(), call.caller(), body, version, passed(call)));
        return switch (reply) {
            case Reply.Whole(int status, String type, byte[] bytes) ->
                new Answer.Body(status, type, bytes, status == 503 ? Map.of("Retry-After", "5") : Map.of());
            case Reply.Stream(var events) ->
                new Answer.Live(response -> {
                    response.status(Status.OK_200)
                            .header("Content-Type", "text/event-stream")
                            .header("Cache-Control", "no-store")
                            .header("X-Accel-Buffering", "no");
                    pass(events, response);
                });
        };
    }

    private static void pass(ai.molecule.platform.a2a.EventStream events, ServerResponse response) {
        try (events;
                var out = response.outputStream()) {
            events.copyTo(out);
        } catch (IOException callerGone) {
            throw new UncheckedIOException(callerGone);
        }
    }

    /// What goes on to the agent: A2A's and tracing's headers, and who calls as the platform knows it.
    private static Map<String, String> passed(Call call) {
        var passed = new LinkedHashMap<String, String>();
        for (var name : PASSED) {
            call.header(name).ifPresent(value -> passed.put(name.defaultCase(), value));
        }
        if (call.caller() instanceof Caller.Agent(var workspace, var _)) {
            passed.put(Call.WORKSPACE_HEADER.defaultCase(), workspace.toString());
        }
        return passed;
    }
}
