package ai.molecule.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;

/// What an agent and the platform say to each other on an uplink: one JSON object each, the same over a WebSocket and
/// over polls.
///
/// The platform calls the agent with [Call]; the agent answers with one [Whole], or with [Begin], [Event]s and [End].
/// Every event costs one of the credits that the call came with and that [More] adds to, so that a slow reader
/// holds up its own stream and no other. `docs/uplink.md` describes it.
public sealed interface UplinkFrame {

    /// The longest frame, in characters.
    int LENGTH_MAX = 17 * 1024 * 1024;

    /// How many events a call may bring before the platform asks for more.
    int CREDIT = 64;

    /// The platform took the uplink on.
    ///
    /// @param session its name
    /// @param epoch which life of the agent it belongs to
    /// @param silenceSeconds after how long a silence either side gives the connection up
    record Welcome(String session, long epoch, int silenceSeconds) implements UplinkFrame {}

    /// The platform hands the agent a JSON-RPC request.
    ///
    /// @param id which call; answers carry it
    /// @param headers what would be the HTTP request's headers: `A2A-Version`, `traceparent`, `X-Workspace-ID` …
    /// @param credit how many events may come
    record Call(long id, Map<String, String> headers, JsonNode body, int credit) implements UplinkFrame {
        public Call {
            headers = Map.copyOf(headers);
        }
    }

    /// More events of a call may come.
    record More(long id, int credit) implements UplinkFrame {}

    /// Nobody listens to a call any more. What it set going goes on.
    record Drop(long id) implements UplinkFrame {}

    /// Something changed that the agent may want to look at: its secrets, or its state.
    record Notice(String what) implements UplinkFrame {
        /// Its secrets have other values.
        public static final String SECRETS = "secrets";

        /// Somebody paused its workspace, or let it go on.
        public static final String STATE = "state";
    }

    /// The platform ends the uplink.
    ///
    /// @param code a stable word for why: `superseded`, `invalid_token`, `identity_in_use`, `replaced`, `stopping`
    record Bye(String code, String message) implements UplinkFrame {}

    /// The whole answer to a call.
    ///
    /// @param status what would be the HTTP status
    record Whole(long id, int status, JsonNode body) implements UplinkFrame {}

    /// A stream begins.
    record Begin(long id) implements UplinkFrame {}

    /// One JSON-RPC response of a stream.
    record Event(long id, JsonNode body) implements UplinkFrame {}

    /// A stream is over.
    record End(long id) implements UplinkFrame {}

    /// A call came to nothing.
    ///
    /// @param status what would be the HTTP status: 502 when what stands behind the agent is not reached, 503 when
    /// it is busy
    record Failed(long id, int status, String message) implements UplinkFrame {}

    /// What the agent says of itself, as every 30 seconds.
    record Beat(Heartbeat heartbeat) implements UplinkFrame {}

    /// Nothing but a sign of life.
    record Tick() implements UplinkFrame {}

    /// Reads a frame.
    ///
    /// @throws WireException when it is none
    static UplinkFrame read(JsonNode json) {
        var wire = Wire.of(json);
        var type = wire.text("type");
        return switch (type) {
            case "welcome" ->
                new Welcome(
                        wire.text("session"),
                        wire.integer("epoch", 0),
                        Math.toIntExact(wire.integer("silence_seconds", 15)));
            case "call" ->
                new Call(id(wire), Json.texts(json.path("headers").toString()), json.path("body"), credit(wire));
            case "more" -> new More(id(wire), credit(wire));
            case "drop" -> new Drop(id(wire));
            case "notice" -> new Notice(wire.text("what"));
            case "bye" -> new Bye(wire.text("code", ""), wire.text("message", ""));
            case "whole" -> new Whole(id(wire), status(wire, 200), json.path("body"));
            case "begin" -> new Begin(id(wire));
            case "event" -> new Event(id(wire), json.path("body"));
            case "end" -> new End(id(wire));
            case "failed" -> new Failed(id(wire), status(wire, 502), Wire.clip(wire.text("message", ""), 1000));
            case "beat" -> new Beat(Heartbeat.read(json));
            case "tick" -> new Tick();
            default -> throw new WireException("Expected \"type\" to be one of an uplink's frames, but found " + type);
        };
    }

    private static long id(Wire wire) {
        return wire.integer("id", 0);
    }

    private static int credit(Wire wire) {
        return Math.clamp(wire.integer("credit", 0), 0, 10_000);
    }

    private static int status(Wire wire, int otherwise) {
        return Math.clamp(wire.integer("status", otherwise), 100, 599);
    }

    /// Writes it.
    default ObjectNode toJson() {
        return switch (this) {
            case Welcome(var session, var epoch, var silence) ->
                typed("welcome").put("session", session).put("epoch", epoch).put("silence_seconds", silence);
            case Call(var id, var headers, var body, var credit) -> {
                var json = typed("call").put("id", id).put("credit", credit);
                var fields = json.putObject("headers");
                headers.forEach(fields::put);
                json.set("body", body);
                yield json;
            }
            case More(var id, var credit) -> typed("more").put("id", id).put("credit", credit);
            case Drop(var id) -> typed("drop").put("id", id);
            case Notice(var what) -> typed("notice").put("what", what);
            case Bye(var code, var message) -> typed("bye").put("code", code).put("message", message);
            case Whole(var id, var status, var body) -> {
                var json = typed("whole").put("id", id).put("status", status);
                json.set("body", body);
                yield json;
            }
            case Begin(var id) -> typed("begin").put("id", id);
            case Event(var id, var body) -> {
                var json = typed("event").put("id", id);
                json.set("body", body);
                yield json;
            }
            case End(var id) -> typed("end").put("id", id);
            case Failed(var id, var status, var message) ->
                typed("failed").put("id", id).put("status", status).put("message", message);
            case Beat(var heartbeat) -> heartbeat.toJson().put("type", "beat");
            case Tick() -> typed("tick");
        };
    }

    private static ObjectNode typed(String type) {
        return Json.object().put("type", type);
    }
}
