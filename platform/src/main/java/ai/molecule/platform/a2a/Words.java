package ai.molecule.platform.a2a;

import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Canonical;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.TaskState;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.UUID;

/// What the platform itself says of a task, in the form of A2A 1.0.
final class Words {

    private Words() {}

    /// A new task with its first message.
    static ObjectNode submitted(UUID task, String context, ObjectNode message, Instant now) {
        var whole = Json.object().put("id", task.toString()).put("contextId", context);
        whole.set("status", status(TaskState.SUBMITTED, now));
        whole.putArray("history").add(message);
        return Canonical.wrap("task", whole);
    }

    /// The task as it was when it got its message, because that is handed to its agent once more.
    ///
    /// @param history what was said since is not unsaid
    static ObjectNode again(ObjectNode before, JsonNode history, String why, Instant now) {
        var whole = before.deepCopy();
        whole.set("history", history.deepCopy());
        var status = status(TaskState.SUBMITTED, now);
        status.set("message", message(whole, why + "; it is delivered again"));
        whole.set("status", status);
        return Canonical.wrap("task", whole);
    }

    /// The task came into a state, for a reason of the platform's.
    static ObjectNode came(ObjectNode task, TaskState state, String why, Instant now) {
        var status = status(state, now);
        if (!why.isEmpty()) {
            status.set("message", message(task, why));
        }
        return came(task, status);
    }

    /// The task came into a state.
    static ObjectNode came(ObjectNode task, JsonNode status) {
        var update = Json.object()
                .put("taskId", task.path("id").asText())
                .put("contextId", task.path("contextId").asText());
        update.set("status", status);
        return Canonical.wrap("statusUpdate", update);
    }

    static ObjectNode status(TaskState state, Instant now) {
        return Json.object()
                .put("state", state.wire(A2aVersion.V1_0))
                .put("timestamp", now.truncatedTo(ChronoUnit.MILLIS).toString());
    }

    private static ObjectNode message(ObjectNode task, String text) {
        var message = Json.object()
                .put("role", "ROLE_AGENT")
                .put("messageId", UUID.randomUUID().toString())
                .put("taskId", task.path("id").asText())
                .put("contextId", task.path("contextId").asText());
        message.putArray("parts").addObject().put("text", text);
        return message;
    }
}
