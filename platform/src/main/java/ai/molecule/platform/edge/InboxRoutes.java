package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.WORKSPACE;

import ai.molecule.platform.a2a.Inbox;
import ai.molecule.platform.access.Caller;
import ai.molecule.platform.registry.Heartbeats;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Heartbeat;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Message;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.TaskState;
import ai.molecule.protocol.Wire;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.http.Method;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/// The mailbox over plain HTTP, for agents that ask for their messages: with curl, if need be.
public final class InboxRoutes {

    private static final int LETTERS_MAX = 50;
    private static final int WAIT_MAX = 60;
    private static final int HOLD_DEFAULT = 300;
    private static final int HOLD_MAX = 3600;
    private static final Set<TaskState> SAID = Set.of(
            TaskState.WORKING,
            TaskState.COMPLETED,
            TaskState.FAILED,
            TaskState.REJECTED,
            TaskState.CANCELED,
            TaskState.INPUT_REQUIRED);

    private final Inbox inbox;
    private final Heartbeats heartbeats;

    public InboxRoutes(Inbox inbox, Heartbeats heartbeats) {
        this.inbox = inbox;
        this.heartbeats = heartbeats;
    }

    public List<Route> routes() {
        return List.of(
                new Route(Method.GET, "/workspaces/{id}/inbox", WORKSPACE, this::fetch),
                new Route(Method.POST, "/workspaces/{id}/inbox/{message}", WORKSPACE, this::reply));
    }

    /// Whoever asks for messages is there: it need not beat beside.
    private Answer fetch(Call call) {
        var agent = own(call);
        heartbeats.hear(agent, new Heartbeat(call.id(), agent.epoch(), 0, "", 0, "", 0, false));
        try {
            var letters = inbox.fetch(
                    call.id(),
                    number(call, "limit", 1, LETTERS_MAX, 1),
                    Duration.ofSeconds(number(call, "wait", 0, WAIT_MAX, 0)),
                    Duration.ofSeconds(number(call, "hold", 1, HOLD_MAX, HOLD_DEFAULT)));
            var answer = Json.object();
            var list = answer.putArray("messages");
            letters.forEach(letter -> list.add(written(letter)));
            return Answer.ok(answer);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new Refusal(Reason.UNAVAILABLE, "Expected a platform that goes on, but it is stopping");
        }
    }

    private static ObjectNode written(Inbox.Letter letter) {
        var message = letter.request().path("params").path("message");
        var json = Json.object()
                .put("id", letter.id())
                .put("lease", letter.lease())
                .put("task_id", letter.task().id().toString())
                .put("context_id", letter.task().contextId())
                .put(
                        "source_id",
                        letter.task().owner().workspace().map(Object::toString).orElse(null))
                .put("text", Message.text(message))
                .put("held_until", letter.until().toString());
        json.set("message", message);
        return json;
    }

    private Answer reply(Call call) {
        var body = call.jsonUpTo(call.limits().messageBytes());
        own(call);
        var wire = Wire.of(body);
        var id = call.path("message");
        if (!id.matches("[0-9]{1,18}")) {
            throw new Refusal(Reason.BAD_REQUEST, "Expected the id of a message in the path");
        }
        var lease = wire.integer("lease", 0);
        var hold = wire.integer("hold", HOLD_DEFAULT);
        if (lease < 1 || lease > Integer.MAX_VALUE || hold < 1 || hold > HOLD_MAX) {
            throw new Refusal(
                    Reason.INVALID_FIELD,
                    "Expected \"lease\" as it came with the message, and \"hold\" from 1 to " + HOLD_MAX);
        }
        var state =
                inbox.reply(call.id(), Long.parseLong(id), (int) lease, reply(wire, body), Duration.ofSeconds(hold));
        return Answer.ok(Json.object().put("status", "ok").put("state", state.wire(A2aVersion.V0_3)));
    }

    private static Inbox.Reply reply(Wire wire, JsonNode body) {
        if (body.has("result")) {
            return new Inbox.Reply.Result(body.path("result"));
        }
        var word = wire.text("state", "completed");
        var state = TaskState.parse(word)
                .filter(SAID::contains)
                .orElseThrow(() -> new Refusal(
                        Reason.INVALID_FIELD,
                        "Expected \"state\" to be completed, working, failed, rejected, canceled or input-required, but found "
                                + word));
        return new Inbox.Reply.Said(state, wire.text("text", ""));
    }

    private static Caller.Agent own(Call call) {
        if (call.caller() instanceof Caller.Agent agent) {
            return agent;
        }
        throw new Refusal(Reason.FORBIDDEN, "Expected the workspace's own token");
    }

    private static int number(Call call, String name, int least, int most, int otherwise) {
        var text = call.query(name).orElse(String.valueOf(otherwise));
        if (!text.matches("[0-9]{1,6}") || Integer.parseInt(text) < least || Integer.parseInt(text) > most) {
            throw new Refusal(Reason.BAD_REQUEST, "Expected \"" + name + "\" between " + least + " and " + most);
        }
        return Integer.parseInt(text);
    }
}
