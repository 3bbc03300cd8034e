package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.ADMIN;
import static ai.molecule.platform.edge.Route.Who.WORKSPACE;

import ai.molecule.platform.a2a.Courses;
import ai.molecule.platform.approval.Approval;
import ai.molecule.platform.approval.Approvals;
import ai.molecule.platform.approval.Approvals.Question;
import ai.molecule.platform.workspace.Workspaces;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.Wire;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import java.util.List;
import java.util.UUID;

/// What agents ask people to decide. An agent asks and looks; only the operator decides.
public final class ApprovalRoutes {

    private static final int SHOWN_MAX = 50;
    private static final int PENDING_SHOWN_MAX = 500;
    private static final int NAME_MAX = 100;

    private final Approvals approvals;
    private final Workspaces workspaces;
    private final Courses courses;

    public ApprovalRoutes(Approvals approvals, Workspaces workspaces, Courses courses) {
        this.approvals = approvals;
        this.courses = courses;
        this.workspaces = workspaces;
    }

    public List<Route> routes() {
        return List.of(
                new Route(Method.POST, "/workspaces/{id}/approvals", WORKSPACE, this::ask),
                new Route(Method.GET, "/workspaces/{id}/approvals", WORKSPACE, this::list),
                new Route(Method.GET, "/workspaces/{id}/approvals/{approval}", WORKSPACE, this::show),
                new Route(Method.POST, "/workspaces/{id}/approvals/{approval}/decide", ADMIN, this::decide),
                new Route(Method.GET, "/approvals/pending", ADMIN, this::pending));
    }

    private Answer ask(Call call) {
        var wire = Wire.of(call.json());
        ObjectNode context = wire.object("context").json().deepCopy();
        if (wire.has("task_id")) {
            // What its agent calls the task; ours is known by the course.
            context.put("task_id", wire.text("task_id"));
        }
        var asked = approvals.ask(new Question(
                call.id(),
                courses.of(call.header(HeaderNames.create(Courses.TRACEPARENT)), call.id()),
                wire.text("action"),
                wire.text("reason", ""),
                context));
        return Answer.json(201, standing(asked));
    }

    /// What whoever asked is told at once.
    static ObjectNode standing(Approval asked) {
        return Json.object()
                .put("approval_id", asked.id().toString())
                .put("status", asked.status().wire());
    }

    private Answer list(Call call) {
        workspaces.require(call.id());
        var list = Json.array();
        if (!call.admin()) {
            approvals.read(call.id(), null);
        }
        approvals.of(call.id(), SHOWN_MAX).forEach(one -> list.add(one.toJson()));
        return Answer.ok(list);
    }

    private Answer show(Call call) {
        workspaces.require(call.id());
        var found = approvals.get(call.id(), approval(call));
        if (!call.admin()) {
            approvals.read(call.id(), found.id());
        }
        return Answer.ok(found.toJson());
    }

    private Answer pending(Call call) {
        var list = Json.array();
        for (var one : approvals.pending(PENDING_SHOWN_MAX)) {
            list.add(one.toJson()
                    .put(
                            "workspace_name",
                            workspaces
                                    .sight(one.workspace())
                                    .workspace()
                                    .profile()
                                    .name()));
        }
        return Answer.ok(list);
    }

    private Answer decide(Call call) {
        var wire = Wire.of(call.json());
        workspaces.require(call.id());
        var by = wire.text("decided_by", "operator");
        if (by.isBlank() || by.length() > NAME_MAX) {
            throw new Refusal(Reason.INVALID_FIELD, "Expected \"decided_by\" of at most " + NAME_MAX + " characters");
        }
        var yes = switch (wire.text("decision")) {
            case "approved" -> true;
            case "denied" -> false;
            default -> throw new Refusal(Reason.INVALID_FIELD, "Expected \"decision\" to be approved or denied");
        };
        return Answer.ok(standing(approvals.decide(call.id(), approval(call), yes, by)));
    }

    private static UUID approval(Call call) {
        try {
            return UUID.fromString(call.path("approval"));
        } catch (IllegalArgumentException none) {
            throw new Refusal(Reason.BAD_REQUEST, "Expected the id of an approval (a UUID) in the path");
        }
    }
}
