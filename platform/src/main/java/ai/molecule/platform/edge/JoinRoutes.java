package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.ADMIN;
import static ai.molecule.platform.edge.Route.Who.ANYONE;
import static ai.molecule.platform.edge.Route.Who.BEARER;

import ai.molecule.platform.access.Caller;
import ai.molecule.platform.admission.Admission;
import ai.molecule.platform.admission.Application;
import ai.molecule.platform.admission.JoinRule;
import ai.molecule.platform.admission.Run;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.Wire;
import ai.molecule.protocol.WireException;
import ai.molecule.protocol.WorkspaceId;
import io.helidon.http.Method;
import java.net.URI;
import java.time.InstantSource;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import java.util.function.Supplier;

/// Join rules, and the runs of pipelines that join by them and leave again.
public final class JoinRoutes {

    private static final int RESULT_MAX = 50;
    private static final int SUMMARY_MAX = 4000;

    private final Admission admission;
    private final Supplier<URI> platform;
    private final Refusals refusals;
    private final InstantSource clock;

    public JoinRoutes(Admission admission, Supplier<URI> platform, Refusals refusals, InstantSource clock) {
        this.refusals = refusals;
        this.admission = admission;
        this.platform = platform;
        this.clock = clock;
    }

    public List<Route> routes() {
        return List.of(
                new Route(Method.GET, "/join-rules", ADMIN, this::list),
                new Route(Method.POST, "/join-rules", ADMIN, this::make),
                new Route(Method.DELETE, "/join-rules/{rule}", ADMIN, this::end),
                new Route(Method.GET, "/join-rules/{rule}/runs", ADMIN, this::runs),
                new Route(Method.POST, "/registry/join", BEARER, this::join),
                new Route(Method.POST, "/registry/leave", ANYONE, this::leave),
                new Route(Method.GET, "/registry/refusals", ADMIN, this::refused));
    }

    private Answer list(Call call) {
        var answer = Json.object();
        var list = answer.putArray("join_rules");
        admission.rules().forEach(standing -> list.add(standing.rule().toJson().put("live", standing.live())));
        return Answer.ok(answer.put("count", list.size()));
    }

    private Answer make(Call call) {
        var rule = JoinRule.read(call.json(), base(), clock.instant());
        var key = admission.make(rule);
        var answer = rule.toJson().put("join_endpoint", base() + "/registry/join");
        if (key != null) {
            answer.put("join_key", key);
        }
        return Answer.json(201, answer);
    }

    private Answer end(Call call) {
        admission.end(rule(call));
        return Answer.ok(Json.object().put("status", "ended"));
    }

    private Answer runs(Call call) {
        var answer = Json.object();
        var list = answer.putArray("runs");
        admission.runs(rule(call)).forEach(run -> list.add(run.toJson()));
        return Answer.ok(answer.put("count", list.size()));
    }

    private Answer join(Call call) {
        var arrival = admission.recognise(Objects.requireNonNull(call.bearer()));
        var joined = admission.join(arrival, Application.read(call.json()));
        var registered = joined.registered();
        var workspace = registered.workspace();
        var own = base() + "/workspaces/" + workspace.id();
        return Answer.json(
                joined.again() ? 200 : 201,
                Json.object()
                        .put("status", joined.again() ? "joined_again" : "joined")
                        .put("workspace_id", workspace.id().toString())
                        .put("auth_token", joined.authToken())
                        .put("expires_at", String.valueOf(workspace.expiresAt()))
                        .put("epoch", workspace.guest().epoch())
                        .put("delivery_mode", workspace.guest().delivery().wire())
                        .put("platform_inbound_secret", registered.inboundSecret())
                        .put("secrets_endpoint", own + "/secrets/values")
                        .put("inbox_endpoint", own + "/inbox")
                        .put("heartbeat_endpoint", base() + "/registry/heartbeat")
                        .put("leave_endpoint", base() + "/registry/leave"));
    }

    private Answer leave(Call call) {
        var wire = Wire.of(call.jsonOrNothing());
        var gone = admission.leave(who(call, wire), report(wire));
        return Answer.ok(Json.object().put("status", gone ? "removed" : "offline"));
    }

    /// For whoever waits for an agent that does not come.
    private Answer refused(Call call) {
        var answer = Json.object();
        var list = answer.putArray("refusals");
        for (var noted : refusals.all()) {
            list.addObject()
                    .put("at", noted.at().toString())
                    .put("peer", noted.peer())
                    .put("path", noted.path())
                    .put("code", noted.code())
                    .put("error", noted.error())
                    .put(
                            "workspace_id",
                            noted.workspace() == null ? null : noted.workspace().toString());
        }
        return Answer.ok(answer);
    }

    private static WorkspaceId who(Call call, Wire wire) {
        return switch (call.caller()) {
            case Caller.Agent(var workspace, var _) -> {
                if (wire.has("workspace_id")
                        && !wire.workspaceId("workspace_id").equals(workspace)) {
                    throw new Refusal(Reason.FORBIDDEN, "Expected the credential of the workspace that is left");
                }
                yield workspace;
            }
            case Caller.Admin _ -> wire.workspaceId("workspace_id");
            case Caller.Enrolled _ ->
                throw new Refusal(Reason.FORBIDDEN, "Expected an agent's own token, but found an enrolment");
        };
    }

    private static Run.Report report(Wire wire) {
        var result = wire.text("result", "");
        var summary = wire.text("summary", "");
        if (result.length() > RESULT_MAX || summary.length() > SUMMARY_MAX) {
            throw new WireException("Expected \"result\" of at most " + RESULT_MAX + " and \"summary\" of at most "
                    + SUMMARY_MAX + " characters");
        }
        return new Run.Report(result, wire.has("exit_code") ? wire.integer("exit_code", 0) : null, summary);
    }

    private static UUID rule(Call call) {
        try {
            return UUID.fromString(call.path("rule"));
        } catch (IllegalArgumentException noId) {
            throw new Refusal(Reason.BAD_REQUEST, "Expected a join rule's id (a UUID) in the path");
        }
    }

    private String base() {
        return platform.get().toString().replaceFirst("/$", "");
    }
}
