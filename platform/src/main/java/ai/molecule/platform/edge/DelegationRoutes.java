package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.ANYONE;
import static ai.molecule.platform.edge.Route.Who.WORKSPACE;

import ai.molecule.platform.a2a.Asking;
import ai.molecule.platform.a2a.Switchboard;
import ai.molecule.platform.access.Caller;
import ai.molecule.platform.ledger.Activity;
import ai.molecule.platform.ledger.ActivityRow;
import ai.molecule.platform.ledger.Board;
import ai.molecule.platform.ledger.TaskLine;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.Wire;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// Delegations in the original's words: another view of the same tasks. A delegation is a task, and its id is
/// the task's.
public final class DelegationRoutes {

    private static final int SHOWN_MAX = 50;
    private static final String AGENT_ERROR = "Agent error:";

    private final Delegating delegating;
    private final Board board;
    private final Asking asking;
    private final Activity activity;
    private final InstantSource clock;

    public DelegationRoutes(
            Switchboard switchboard, Board board, Asking asking, Activity activity, InstantSource clock) {
        this.delegating = new Delegating(switchboard);
        this.board = board;
        this.asking = asking;
        this.activity = activity;
        this.clock = clock;
    }

    public List<Route> routes() {
        return List.of(
                new Route(Method.POST, "/workspaces/{id}/delegate", ANYONE, this::delegate),
                new Route(Method.GET, "/workspaces/{id}/delegations", WORKSPACE, this::list));
    }

    /// From whom to whom.
    private record Pair(WorkspaceId source, WorkspaceId target) {}

    private Answer delegate(Call call) {
        var wire = Wire.of(call.json());
        var pair = pair(call, wire);
        var wish = new Delegating.Wish(
                pair.source(),
                pair.target(),
                wire.text("task"),
                wire.text("idempotency_key", ""),
                call.header(HeaderNames.create("traceparent")));
        var seconds = wire.integer("timeout_seconds", 0);
        if (seconds < 0) {
            throw new Refusal(Reason.INVALID_FIELD, "Expected \"timeout_seconds\" to be a number of seconds");
        }
        var task = delegating.begin(wish, seconds == 0 ? null : clock.instant().plusSeconds(seconds));
        return Answer.json(
                202,
                Json.object()
                        .put("delegation_id", task)
                        .put("status", "delegated")
                        .put("target_id", pair.target().toString()));
    }

    /// The original's runtime names itself in the path and the target in the body; its SDK names the target in
    /// the path.
    private static Pair pair(Call call, Wire wire) {
        return switch (call.caller()) {
            case Caller.Agent(var own, var _)
            when own.equals(call.id()) -> new Pair(own, wire.workspaceId("target_id"));
            case Caller.Agent(var own, var _) when !wire.has("target_id") -> new Pair(own, call.id());
            case Caller.Admin _ -> new Pair(call.id(), wire.workspaceId("target_id"));
            case Caller.Agent _, Caller.Enrolled _ ->
                throw new Refusal(Reason.FORBIDDEN, "Expected the operator's token or the workspace's own");
        };
    }

    private Answer list(Call call) {
        var rows = Json.array();
        board.askedBy(call.id(), SHOWN_MAX).forEach(task -> rows.add(row(task)));
        activity.recorded(call.id(), SHOWN_MAX).forEach(note -> rows.add(row(note)));
        return Answer.ok(newestFirst(rows));
    }

    private static ArrayNode newestFirst(ArrayNode rows) {
        var sorted = new ArrayList<JsonNode>();
        rows.forEach(sorted::add);
        sorted.sort(Comparator.comparing(
                        (JsonNode row) -> Instant.parse(row.path("created_at").asText()))
                .reversed());
        return Json.array().addAll(sorted.subList(0, Math.min(sorted.size(), SHOWN_MAX)));
    }

    /// A delegation that the agent made on its own and told the platform of.
    private static ObjectNode row(ActivityRow note) {
        var said = note.response().path("text").asText("");
        var done = note.status().equals("completed");
        return Json.object()
                .put("id", note.request().path("delegation_id").asText())
                .put("type", "delegation")
                .put("delegation_id", note.request().path("delegation_id").asText())
                .put("source_id", String.valueOf(note.source()))
                .put("target_id", String.valueOf(note.target()))
                .put("summary", note.summary())
                .put("status", note.status().equals("dispatched") ? "in_progress" : note.status())
                .put("error", note.problem())
                .put("response_preview", done ? said : "")
                .put("result", done ? said : "")
                .put("created_at", note.createdAt().toString());
    }

    private ObjectNode row(TaskLine task) {
        var said = asking.said(task.id());
        var failed = said.startsWith(AGENT_ERROR);
        var status = failed ? "failed" : status(task);
        return Json.object()
                .put("id", task.id().toString())
                .put("type", "delegation")
                .put("delegation_id", task.id().toString())
                .put("source_id", task.owner().value().toString())
                .put("target_id", task.target().toString())
                .put("summary", task.text())
                .put("status", status)
                .put("error", status.equals("failed") ? (said.isEmpty() ? task.problem() : said) : "")
                .put("response_preview", status.equals("completed") ? said : "")
                .put("result", status.equals("completed") ? said : "")
                .put("created_at", task.createdAt().toString());
    }

    private static String status(TaskLine task) {
        return switch (task.state()) {
            case "submitted" -> task.phase().equals("queued") ? "queued" : "pending";
            case "completed" -> "completed";
            case "failed", "rejected", "canceled" -> "failed";
            default -> "in_progress";
        };
    }
}
