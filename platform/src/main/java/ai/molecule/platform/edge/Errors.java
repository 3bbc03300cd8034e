package ai.molecule.platform.edge;

import ai.molecule.platform.access.Gone;
import ai.molecule.platform.store.DatabaseException;
import ai.molecule.platform.workspace.Removals;
import ai.molecule.platform.workspace.Workspaces;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Problem;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.WireException;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The one place where failures become status codes. What nobody foresaw is logged, and leaves as "internal
/// error".
final class Errors {

    private static final Logger LOG = LoggerFactory.getLogger(Errors.class);

    private Errors() {}

    static Answer answer(Throwable failure) {
        return switch (failure) {
            case Refusal refusal -> refused(refusal);
            case WireException bad ->
                problem(400, new Problem(String.valueOf(bad.getMessage()), Reason.INVALID_FIELD.code()));
            case DatabaseException broken
            when broken.unavailable() -> {
                LOG.error("The database cannot be used; callers are told to come back", broken);
                yield unavailable();
            }
            default -> {
                LOG.error("A request failed in a way nobody foresaw", failure);
                yield problem(500, new Problem("internal error", "internal"));
            }
        };
    }

    static Answer unavailable() {
        var problem = new Problem(
                "Expected the database, but it does not answer; try again shortly", Reason.UNAVAILABLE.code());
        return new Answer.Body(503, "application/json", Json.bytes(problem.toJson()), Map.of("Retry-After", "2"));
    }

    private static Answer refused(Refusal refusal) {
        var body = refusal.problem().toJson();
        switch (refusal.detail()) {
            case Gone(var id, var removedAt) ->
                body.put("id", id.toString())
                        .put("removed_at", removedAt.toString())
                        .put("hint", "create a new workspace; a removed one does not come back");
            case Removals.Children(var children) -> {
                body.put("status", "confirmation_required").put("message", refusal.getMessage());
                var list = body.putArray("children");
                children.forEach(child -> list.addObject()
                        .put("id", child.id().toString())
                        .put("name", child.profile().name()));
                body.put("children_count", children.size());
            }
            case Workspaces.Busy(int activeTasks) -> body.put("active_tasks", activeTasks);
            case BodyReader.Beginning _ -> {}
            case null -> {}
            case Object unknown ->
                throw new IllegalStateException("Expected a detail that the edge can write, but found " + unknown);
        }
        return new Answer.Body(
                status(refusal.reason()), "application/json", Json.bytes(body), headers(refusal.reason()));
    }

    static int status(Reason reason) {
        return switch (reason) {
            case BAD_REQUEST,
                    PLAIN_HTTP,
                    INVALID_FIELD,
                    RUNTIME_NOT_ALLOWED,
                    BACKEND_NOT_AVAILABLE,
                    HOST_ACCESS_NOT_ALLOWED,
                    URL_NOT_ALLOWED,
                    PARENT_CYCLE -> 400;
            case UNAUTHENTICATED, INVALID_TOKEN -> 401;
            case BUDGET_EXHAUSTED -> 402;
            case FORBIDDEN, FORBIDDEN_FIELD -> 403;
            case NOT_FOUND, WORKSPACE_NOT_FOUND -> 404;
            case METHOD_NOT_ALLOWED -> 405;
            case REQUEST_TIMEOUT -> 408;
            case ILLEGAL_TRANSITION,
                    CONFLICT,
                    SUPERSEDED,
                    IDENTITY_IN_USE,
                    CONFIRMATION_REQUIRED,
                    ANCESTOR_PAUSED,
                    NOT_POSSIBLE -> 409;
            case WORKSPACE_REMOVED, CURSOR_LOST, UPLINK_LOST -> 410;
            case PAYLOAD_TOO_LARGE -> 413;
            case IDEMPOTENCY_KEY_REUSED -> 422;
            case RATE_LIMITED -> 429;
            case UNAVAILABLE -> 503;
        };
    }

    private static Map<String, String> headers(Reason reason) {
        return switch (reason) {
            case UNAUTHENTICATED, INVALID_TOKEN -> Map.of("WWW-Authenticate", "Bearer realm=\"molecule\"");
            case RATE_LIMITED, UNAVAILABLE -> Map.of("Retry-After", "5");
            default -> Map.of();
        };
    }

    private static Answer problem(int status, Problem problem) {
        return Answer.json(status, problem.toJson());
    }
}
