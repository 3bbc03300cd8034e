package ai.molecule.platform.memory;

import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Something remembered.
///
/// @param workspaceName how who wrote it is called
/// @param namespace what it belongs to, in its writer's words
/// @param writtenBy `agent` or `operator`
/// @param task in whose course it was written; null for none
/// @param similarity how near it is in meaning to what was asked, from -1 to 1; null where that was not measured
public record Memory(
        UUID id,
        WorkspaceId workspace,
        String workspaceName,
        Scope scope,
        String namespace,
        String content,
        String writtenBy,
        @Nullable UUID task,
        Instant createdAt,
        @Nullable Double similarity) {

    Memory like(double measured) {
        return new Memory(
                id, workspace, workspaceName, scope, namespace, content, writtenBy, task, createdAt, measured);
    }

    /// Writes it for the wire.
    public ObjectNode toJson() {
        var json = Json.object()
                .put("id", id.toString())
                .put("workspace_id", workspace.toString())
                .put("workspace_name", workspaceName)
                .put("content", content)
                .put("scope", scope.name())
                .put("namespace", namespace)
                .put("written_by", writtenBy)
                .put("task_id", task == null ? null : task.toString())
                .put("created_at", createdAt.toString());
        return similarity == null ? json : json.put("similarity_score", Math.round(similarity * 1000) / 1000.0);
    }
}
