package ai.molecule.platform.edge;

import ai.molecule.platform.a2a.Switchboard;
import ai.molecule.platform.a2a.Switchboard.Incoming;
import ai.molecule.platform.a2a.Switchboard.Outcome;
import ai.molecule.platform.access.Caller;
import ai.molecule.protocol.A2aCall;
import ai.molecule.protocol.A2aMethod;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.JsonRpc.ErrorCode;
import ai.molecule.protocol.JsonRpc.Fault;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Sends what one workspace wants done by another, as its agent would over A2A.
final class Delegating {

    private static final int KEY_LENGTH_MAX = 150;

    private final Switchboard switchboard;

    Delegating(Switchboard switchboard) {
        this.switchboard = switchboard;
    }

    /// What is to be done, by whom, for whom.
    ///
    /// @param key by which a second try is known; empty for none
    /// @param course in whose course, as a W3C `traceparent`
    record Wish(WorkspaceId source, WorkspaceId target, String text, String key, Optional<String> course) {
        Wish {
            if (source.equals(target)) {
                throw new Refusal(Reason.INVALID_FIELD, "Expected another workspace; self-delegation is not permitted");
            }
            if (key.length() > KEY_LENGTH_MAX) {
                throw new Refusal(
                        Reason.INVALID_FIELD,
                        "Expected \"idempotency_key\" of at most " + KEY_LENGTH_MAX + " characters");
            }
        }

        private ObjectNode message() {
            var message = Json.object()
                    .put("role", "ROLE_USER")
                    .put("messageId", key.isEmpty() ? UUID.randomUUID().toString() : "delegation " + key);
            message.putArray("parts").addObject().put("text", text);
            return message;
        }
    }

    /// Sends it, and does not wait for what comes of it.
    ///
    /// @return the task's id
    String begin(Wish wish, @Nullable Instant deadline) {
        return send(wish, true, Duration.ZERO, deadline).path("id").asText();
    }

    /// Sends it, and waits for what comes of it.
    ///
    /// @return the task, as far as it came in that time
    JsonNode await(Wish wish, Duration patience) {
        return send(wish, false, patience, null);
    }

    private JsonNode send(Wish wish, boolean atOnce, Duration patience, @Nullable Instant deadline) {
        var params = Json.object();
        params.set("message", wish.message());
        params.putObject("configuration").put("returnImmediately", atOnce);
        var asked = new A2aCall(Json.nothing(), A2aMethod.SEND, A2aVersion.V1_0, params);
        var headers = wish.course().map(value -> Map.of("traceparent", value)).orElse(Map.of());
        try {
            return switch (switchboard.connect(new Incoming(
                    wish.target(),
                    new Caller.Agent(wish.source(), 0),
                    asked,
                    headers,
                    null,
                    patience,
                    deadline,
                    false))) {
                case Outcome.Whole(var result) -> result.path("task");
                case Outcome.Waiting(var task) -> task;
                case Outcome.Events _ -> throw new IllegalStateException("Expected a task, but found a stream");
            };
        } catch (Fault fault) {
            throw refusal(fault);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new Refusal(Reason.UNAVAILABLE, "The platform is stopping");
        }
    }

    private static Refusal refusal(Fault fault) {
        var reason = switch (fault.code().orElse(ErrorCode.INTERNAL_ERROR)) {
            case FORBIDDEN -> Reason.FORBIDDEN;
            case MAILBOX_FULL, AGENT_UNAVAILABLE -> Reason.UNAVAILABLE;
            case DELEGATION_LIMIT -> Reason.CONFLICT;
            case BUDGET_EXHAUSTED -> Reason.BUDGET_EXHAUSTED;
            default -> Reason.BAD_REQUEST;
        };
        return new Refusal(reason, String.valueOf(fault.getMessage()));
    }
}
