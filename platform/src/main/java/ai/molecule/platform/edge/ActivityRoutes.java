package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.WORKSPACE;

import ai.molecule.platform.a2a.Inbox;
import ai.molecule.platform.access.Caller;
import ai.molecule.platform.ledger.Activity;
import ai.molecule.platform.ledger.Activity.Sources;
import ai.molecule.platform.ledger.Note;
import ai.molecule.platform.workspace.Workspaces;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.Wire;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import io.helidon.http.Method;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/// The activity of a workspace in the original's words: what its programs poll, and where they log and speak
/// up. Messages in it are those of the ledger.
public final class ActivityRoutes {

    private static final int LIMIT_DEFAULT = 100;
    private static final int LIMIT_MAX = 500;
    private static final int TEXT_MAX = 64 * 1024;
    private static final int LINE_MAX = 1000;
    private static final int KEY_MAX = 200;
    private static final int ATTACHMENTS_MAX = 32;
    private static final int ATTACHMENTS_BYTES_MAX = 16 * 1024;
    private static final Instant FAR = Instant.parse("9999-12-31T23:59:59Z");
    private static final Duration SINCE_MAX = Duration.ofDays(365);
    private static final Set<String> LOGGED = Set.of(
            Activity.SENT, Activity.RECEIVED, "task_update", "agent_log", "skill_promotion", "memory_write", "error");
    private static final Set<String> STATES =
            Set.of("pending", "dispatched", "in_progress", "queued", "completed", "failed");

    private final Activity activity;
    private final Speaking speaking;
    private final Inbox inbox;
    private final Workspaces workspaces;
    private final ActivityJson json;
    private final InstantSource clock;

    public ActivityRoutes(
            Activity activity, Inbox inbox, Workspaces workspaces, ActivityJson json, InstantSource clock) {
        this.activity = activity;
        this.speaking = new Speaking(activity);
        this.inbox = inbox;
        this.workspaces = workspaces;
        this.json = json;
        this.clock = clock;
    }

    public List<Route> routes() {
        return List.of(
                new Route(Method.GET, "/workspaces/{id}/activity", WORKSPACE, this::list),
                new Route(Method.POST, "/workspaces/{id}/activity", WORKSPACE, this::log),
                new Route(Method.POST, "/workspaces/{id}/activity/ack", WORKSPACE, this::acknowledge),
                new Route(Method.POST, "/workspaces/{id}/notify", WORKSPACE, this::notice),
                new Route(Method.POST, "/workspaces/{id}/delegations/record", WORKSPACE, this::record),
                new Route(Method.POST, "/workspaces/{id}/delegations/{delegation}/update", WORKSPACE, this::update));
    }

    /// Oldest first after a cursor, or for an agent that gives none after what it has read; otherwise newest
    /// first.
    private Answer list(Call call) {
        workspaces.require(call.id());
        var agent = call.caller() instanceof Caller.Agent;
        var cursor = call.query("since_id").filter(text -> !text.isEmpty());
        var since = call.query("since_secs").filter(text -> !text.isEmpty());
        var type = call.query("type").orElse("");
        var inbox = agent && (type.isEmpty() || type.equals(Activity.RECEIVED));
        var after = cursor.isPresent() ? place(call, cursor.get()) : 0;
        // What was read is known only of who reads everything.
        var whole = inbox
                && since.isEmpty()
                && Stream.of("before_ts", "peer_id", "source")
                        .noneMatch(name -> call.query(name).isPresent());
        if (whole && cursor.isPresent()) {
            read(call, after);
        } else if (whole) {
            after = activity.read(call.id());
        }
        var rows = activity.list(new Activity.Query(
                call.id(),
                Wire.clip(type, LINE_MAX),
                sources(call),
                after,
                since.map(this::since).orElse(Instant.EPOCH),
                call.query("before_ts")
                        .map(ActivityRoutes::time)
                        .orElse(clock.instant().plus(SINCE_MAX)),
                call.query("peer_id").map(ActivityRoutes::workspace).orElse(null),
                cursor.isPresent() || whole,
                inbox,
                limit(call)));
        return Answer.ok(json.rows(call.id(), rows));
    }

    /// The place that a cursor names.
    ///
    /// @throws Refusal `cursor_lost` when it is none of this workspace's
    private long place(Call call, String cursor) {
        var place = ActivityJson.place(cursor);
        if (place.isEmpty() || !activity.knows(call.id(), place.get())) {
            throw new Refusal(
                    Reason.CURSOR_LOST, "Expected \"since_id\" of a row that is still there; begin without one");
        }
        return place.get();
    }

    private static Sources sources(Call call) {
        return switch (call.query("source").orElse("")) {
            case "" -> Sources.ALL;
            case "canvas" -> Sources.OPERATOR;
            case "agent" -> Sources.AGENTS;
            default -> throw new Refusal(Reason.BAD_REQUEST, "Expected \"source\" to be canvas or agent");
        };
    }

    private Instant since(String text) {
        if (!text.matches("[0-9]{1,8}") || Long.parseLong(text) > SINCE_MAX.toSeconds()) {
            throw new Refusal(Reason.BAD_REQUEST, "Expected \"since_secs\" to be a number of seconds");
        }
        return clock.instant().minusSeconds(Long.parseLong(text));
    }

    /// A time as RFC 3339 or as seconds since 1970.
    private static Instant time(String text) {
        try {
            return text.matches("[0-9]{1,10}([.][0-9]*)?")
                    ? Instant.ofEpochSecond(Long.parseLong(text.replaceFirst("[.].*", "")))
                    : within(Instant.parse(text));
        } catch (DateTimeException notATime) {
            throw new Refusal(
                    Reason.BAD_REQUEST, "Expected \"before_ts\" to be a time like 2026-01-31T12:00:00Z, or seconds");
        }
    }

    private static Instant within(Instant time) {
        if (time.isBefore(Instant.EPOCH)) {
            return Instant.EPOCH;
        }
        return time.isAfter(FAR) ? FAR : time;
    }

    private static WorkspaceId workspace(String text) {
        return WorkspaceId.parse(text)
                .orElseThrow(
                        () -> new Refusal(Reason.BAD_REQUEST, "Expected \"peer_id\" to be a workspace id (a UUID)"));
    }

    private static int limit(Call call) {
        var text = call.query("limit").orElse(String.valueOf(LIMIT_DEFAULT));
        if (!text.matches("[0-9]{1,8}") || Integer.parseInt(text) < 1) {
            throw new Refusal(Reason.BAD_REQUEST, "Expected \"limit\" between 1 and " + LIMIT_MAX);
        }
        return Math.min(Integer.parseInt(text), LIMIT_MAX);
    }

    private Answer log(Call call) {
        var wire = Wire.of(call.json());
        checkSource(call, wire);
        var type = wire.text("activity_type");
        if (!LOGGED.contains(type)) {
            throw new Refusal(
                    Reason.INVALID_FIELD,
                    "Expected \"activity_type\" out of "
                            + LOGGED.stream().sorted().toList());
        }
        workspaces.require(call.id());
        activity.note(new Note(
                call.id(),
                type,
                line(wire, "method"),
                wire.has("target_id") && !wire.text("target_id", "").isEmpty() ? wire.workspaceId("target_id") : null,
                line(wire, "summary"),
                wire.has("status") ? line(wire, "status") : "ok",
                text(wire, "error_detail"),
                wire.has("duration_ms") ? Math.toIntExact(wire.integer("duration_ms", 0)) : null,
                body(wire, "request_body"),
                body(wire, "response_body"),
                null));
        return Answer.ok(Json.object().put("status", "logged"));
    }

    private static void checkSource(Call call, Wire wire) {
        for (var name : new String[] {"source_id", "workspace_id"}) {
            var claimed = wire.text(name, "");
            if (!claimed.isEmpty() && !claimed.equals(call.id().toString())) {
                throw new Refusal(Reason.FORBIDDEN, "Expected \"" + name + "\" to be the workspace in the path");
            }
        }
    }

    /// The agent has read up to a place: there it goes on next time, and what waited up to there is handed over.
    private void read(Call call, long place) {
        activity.read(call.id(), place);
        if (call.caller() instanceof Caller.Agent) {
            inbox.read(call.id(), place);
        }
    }

    private static JsonNode body(Wire wire, String field) {
        return wire.has(field) ? wire.json().path(field) : Json.nothing();
    }

    private static String line(Wire wire, String field) {
        return bounded(wire, field, LINE_MAX);
    }

    private static String text(Wire wire, String field) {
        return bounded(wire, field, TEXT_MAX);
    }

    private static String bounded(Wire wire, String field, int max) {
        var text = wire.text(field, "");
        if (text.length() > max) {
            throw new Refusal(Reason.INVALID_FIELD, "Expected \"" + field + "\" of at most " + max + " characters");
        }
        return text;
    }

    private Answer acknowledge(Call call) {
        var wire = Wire.of(call.json());
        var given = wire.json().path("acked_seq");
        var seq = given.isIntegralNumber() && given.canConvertToLong() ? given.longValue() : -1;
        if (seq < 0) {
            throw new Refusal(
                    Reason.INVALID_FIELD, "Expected \"acked_seq\", the \"seq\" of the last row that was read");
        }
        workspaces.require(call.id());
        if (!activity.knows(call.id(), seq) && seq > 0) {
            throw new Refusal(Reason.NOT_FOUND, "Expected \"acked_seq\" of a row that is there");
        }
        read(call, seq);
        return Answer.ok(Json.object().put("status", "acked").put("acked_seq", seq));
    }

    /// An agent speaks up: a message to people, or an event that it only names.
    private Answer notice(Call call) {
        var wire = Wire.of(call.json());
        var message = text(wire, "message");
        var type = line(wire, "type");
        if (message.isBlank() && type.isBlank()) {
            throw new Refusal(Reason.INVALID_FIELD, "Expected \"message\" or \"type\", but found neither");
        }
        var workspace = workspaces.require(call.id());
        var attachments = wire.json().path("attachments");
        if (wire.has("attachments")
                && (!attachments.isArray()
                        || attachments.size() > ATTACHMENTS_MAX
                        || Json.weight(attachments) > ATTACHMENTS_BYTES_MAX)) {
            throw new Refusal(
                    Reason.INVALID_FIELD,
                    "Expected \"attachments\" to be an array of at most " + ATTACHMENTS_MAX + ", of "
                            + ATTACHMENTS_BYTES_MAX + " bytes in all");
        }
        if (message.isBlank()) {
            speaking.note(workspace, wire.json(), type);
        } else {
            speaking.tell(workspace, wire.json(), message);
        }
        return Answer.ok(Json.object().put("status", "sent"));
    }

    /// A delegation that the agent made by itself, not by the platform: noted, not known.
    private Answer record(Call call) {
        var wire = Wire.of(call.json());
        var id = wire.text("delegation_id");
        if (id.length() > KEY_MAX) {
            throw new Refusal(Reason.INVALID_FIELD, "Expected \"delegation_id\" of at most " + KEY_MAX + " characters");
        }
        workspaces.require(call.id());
        activity.note(new Note(
                call.id(),
                Activity.DELEGATION,
                "delegate",
                wire.workspaceId("target_id"),
                text(wire, "task"),
                "dispatched",
                "",
                null,
                Json.object().put("delegation_id", id),
                Json.nothing(),
                id));
        return Answer.json(202, Json.object().put("delegation_id", id).put("status", "recorded"));
    }

    private Answer update(Call call) {
        var wire = Wire.of(call.json());
        var status = wire.text("status");
        if (!STATES.contains(status)) {
            throw new Refusal(
                    Reason.INVALID_FIELD,
                    "Expected \"status\" out of " + STATES.stream().sorted().toList());
        }
        var id = call.path("delegation");
        if (!activity.change(call.id(), id, status, text(wire, "error"), text(wire, "response_preview"))) {
            throw new Refusal(
                    Reason.NOT_FOUND, "Expected a delegation that was recorded, but there is none with this id");
        }
        return Answer.ok(Json.object().put("delegation_id", id).put("status", status));
    }
}
