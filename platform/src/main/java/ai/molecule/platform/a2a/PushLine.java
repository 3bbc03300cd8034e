package ai.molecule.platform.a2a;

import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.UUID;

/// A push configuration as the operator sees it: how it fares, without what only its caller may know.
///
/// @param workspace whose agent the task is at
/// @param phase `active`, `done` or `dead`
/// @param attempts how often the next event failed
/// @param problem why it failed last; empty when it did not
/// @param sent the number of the last event that was sent
public record PushLine(
        UUID task,
        WorkspaceId workspace,
        String id,
        String url,
        String phase,
        int attempts,
        String problem,
        long sent,
        Instant createdAt) {

    /// Writes it for the wire.
    public ObjectNode toJson() {
        return Json.object()
                .put("task_id", task.toString())
                .put("workspace_id", workspace.toString())
                .put("id", id)
                .put("url", url)
                .put("phase", phase)
                .put("attempts", attempts)
                .put("problem", problem)
                .put("sent", sent)
                .put("created_at", createdAt.toString());
    }
}
