package ai.molecule.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/// What an agent says of itself every 30 seconds. Only the workspace is required; the rest has a harmless default.
///
/// @param epoch which life of the agent speaks, as its registration answered; absent for the original's clients
/// @param errorRate errors per request since the last beat, 0 to 1
/// @param uptimeSeconds how long the agent runs, in seconds
public record Heartbeat(
        WorkspaceId workspaceId,
        @Nullable Long epoch,
        double errorRate,
        String sampleError,
        int activeTasks,
        String currentTask,
        long uptimeSeconds,
        boolean wedged) {

    /// The longest text that is kept of an agent's error or task.
    public static final int TEXT_LENGTH_MAX = 1000;

    public Heartbeat {
        if (!(errorRate >= 0 && errorRate <= 1)) {
            throw new WireException("Expected \"error_rate\" to be between 0 and 1, but found " + errorRate);
        }
        if (activeTasks < 0 || uptimeSeconds < 0) {
            throw new WireException("Expected \"active_tasks\" and \"uptime_seconds\" to be 0 or more");
        }
        sampleError = Wire.clip(sampleError, TEXT_LENGTH_MAX);
        currentTask = Wire.clip(currentTask, TEXT_LENGTH_MAX);
    }

    /// Reads the body of `POST /registry/heartbeat`.
    ///
    /// @throws WireException when a field has the wrong type or range
    public static Heartbeat read(JsonNode body) {
        var wire = Wire.of(body);
        return new Heartbeat(
                wire.workspaceId("workspace_id"),
                wire.has("epoch") ? wire.integer("epoch", 0) : null,
                wire.number("error_rate", 0),
                wire.text("sample_error", ""),
                (int) wire.integer("active_tasks", 0),
                wire.text("current_task", ""),
                wire.integer("uptime_seconds", 0),
                wire.text("runtime_state", "").equals("wedged"));
    }

    /// Writes the body.
    public ObjectNode toJson() {
        var json = Json.object().put("workspace_id", workspaceId.toString());
        if (epoch != null) {
            json.put("epoch", epoch);
        }
        return json.put("error_rate", errorRate)
                .put("sample_error", sampleError)
                .put("active_tasks", activeTasks)
                .put("current_task", currentTask)
                .put("uptime_seconds", uptimeSeconds)
                .put("runtime_state", wedged ? "wedged" : "");
    }
}
