package ai.molecule.platform.approval;

import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Something an agent wants a person to decide, and what became of it.
///
/// @param task in whose course it was asked for; null for none
/// @param context what else the agent tells about it, JSON
/// @param decidedBy who decided; empty while nobody did
/// @param decidedAt when it came to its status; null while it is pending
public record Approval(
        UUID id,
        WorkspaceId workspace,
        @Nullable UUID task,
        String action,
        String reason,
        JsonNode context,
        Status status,
        String decidedBy,
        @Nullable Instant decidedAt,
        Instant createdAt,
        Instant expiresAt) {

    /// How it stands. Only the first is ever left.
    public enum Status {
        PENDING,
        APPROVED,
        DENIED,
        /// Nobody decided in time, which is neither yes nor no.
        EXPIRED,
        /// Its task ended before.
        WITHDRAWN;

        /// Its word on the wire.
        public String wire() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// Writes it for the wire.
    public ObjectNode toJson() {
        var json = facts().put("workspace_id", workspace.toString());
        json.set("context", context);
        return json.put("id", id.toString())
                .put("decided_at", decidedAt == null ? null : decidedAt.toString())
                .put("created_at", createdAt.toString());
    }

    /// What everybody hears who may see its workspace.
    ObjectNode facts() {
        return Json.object()
                .put("approval_id", id.toString())
                .put("task_id", task == null ? null : task.toString())
                .put("action", action)
                .put("reason", reason)
                .put("status", status.wire())
                .put("decided_by", decidedBy)
                .put("expires_at", expiresAt.toString());
    }

    /// What became of it, in words.
    String told() {
        return switch (status) {
            case PENDING -> "Not decided yet: " + action;
            case APPROVED -> "Approved: " + action;
            case DENIED -> "Denied: " + action;
            case EXPIRED -> "Nobody decided in time, which is neither yes nor no: " + action;
            case WITHDRAWN -> "Withdrawn: " + action;
        };
    }
}
