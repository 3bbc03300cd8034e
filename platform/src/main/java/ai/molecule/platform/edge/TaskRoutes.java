package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.ADMIN;
import static ai.molecule.platform.edge.Route.Who.WORKSPACE;

import ai.molecule.platform.a2a.Asking;
import ai.molecule.platform.a2a.PushLine;
import ai.molecule.platform.a2a.Pushes;
import ai.molecule.platform.a2a.Resending;
import ai.molecule.platform.ledger.Board;
import ai.molecule.platform.ledger.TaskLine;
import ai.molecule.platform.spending.Spending;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.JsonRpc.ErrorCode;
import ai.molecule.protocol.JsonRpc.Fault;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import com.fasterxml.jackson.databind.JsonNode;
import io.helidon.http.Method;
import java.util.List;
import java.util.UUID;

/// Tasks as people look at them: what a workspace asks and is asked for, whole trees, messages that were given
/// up.
public final class TaskRoutes {

    private static final int LIMIT_DEFAULT = 50;
    private static final int LIMIT_MAX = 200;

    private final Board board;
    private final Asking asking;
    private final Resending resending;
    private final Pushes pushes;
    private final Spending spending;

    public TaskRoutes(Board board, Asking asking, Resending resending, Pushes pushes, Spending spending) {
        this.board = board;
        this.asking = asking;
        this.resending = resending;
        this.pushes = pushes;
        this.spending = spending;
    }

    public List<Route> routes() {
        return List.of(
                new Route(
                        Method.GET,
                        "/workspaces/{id}/tasks",
                        WORKSPACE,
                        call -> Answer.ok(array(board.of(call.id(), limit(call))))),
                new Route(Method.GET, "/dead-letters", ADMIN, call -> Answer.ok(array(board.dead(limit(call))))),
                new Route(Method.GET, "/dead-pushes", ADMIN, call -> Answer.ok(pushes(pushes.dead(limit(call))))),
                new Route(Method.GET, "/tasks/{task}", ADMIN, this::show),
                new Route(Method.POST, "/tasks/{task}/pushes/{push}/resend", ADMIN, this::pushAgain),
                new Route(Method.POST, "/tasks/{task}/cancel", ADMIN, this::cancel),
                new Route(Method.POST, "/tasks/{task}/resend", ADMIN, this::resend));
    }

    private Answer show(Call call) {
        var task = existing(call);
        var json = task.toJson();
        json.set("tree", array(board.tree(task.id())));
        json.set("pushes", pushes(pushes.shown(task.id())));
        json.set("usage", SpendingRoutes.array(spending.of(task.id()), "task_id"));
        return Answer.ok(json);
    }

    private Answer cancel(Call call) {
        call.jsonOrNothing();
        var task = existing(call);
        try {
            asking.cancel(task.id(), Json.nothing());
            return Answer.ok(existing(call).toJson());
        } catch (Fault fault) {
            var away = fault.code().filter(ErrorCode.AGENT_UNAVAILABLE::equals).isPresent();
            throw new Refusal(away ? Reason.UNAVAILABLE : Reason.CONFLICT, String.valueOf(fault.getMessage()));
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new Refusal(Reason.UNAVAILABLE, "The platform is stopping");
        }
    }

    private Answer resend(Call call) {
        call.jsonOrNothing();
        var made = resending.resend(existing(call).id());
        return Answer.json(202, Json.object().put("task_id", made.toString()).put("status", "resent"));
    }

    private Answer pushAgain(Call call) {
        call.jsonOrNothing();
        pushes.sendAgain(existing(call).id(), call.path("push"));
        return Answer.json(202, Json.object().put("status", "resent"));
    }

    private static JsonNode pushes(List<PushLine> lines) {
        var array = Json.array();
        lines.forEach(line -> array.add(line.toJson()));
        return array;
    }

    private TaskLine existing(Call call) {
        var text = call.request().path().pathParameters().get("task");
        try {
            return board.find(UUID.fromString(text))
                    .orElseThrow(() -> new Refusal(Reason.NOT_FOUND, "Expected task " + text + ", but there is none"));
        } catch (IllegalArgumentException notAnId) {
            throw new Refusal(Reason.BAD_REQUEST, "Expected a task's id (a UUID) in the path");
        }
    }

    private static JsonNode array(List<TaskLine> lines) {
        var array = Json.array();
        lines.forEach(line -> array.add(line.toJson()));
        return array;
    }

    private static int limit(Call call) {
        var text = call.query("limit").orElse(String.valueOf(LIMIT_DEFAULT));
        if (!text.matches("[0-9]{1,4}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > LIMIT_MAX) {
            throw new Refusal(Reason.BAD_REQUEST, "Expected \"limit\" between 1 and " + LIMIT_MAX);
        }
        return Integer.parseInt(text);
    }
}
