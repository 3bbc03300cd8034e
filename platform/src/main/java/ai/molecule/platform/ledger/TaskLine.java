package ai.molecule.platform.ledger;

import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A task as people see it in a list: who asked whom for what, how it is, and how its last message fares.
///
/// @param state in the words of A2A 0.3
/// @param text the beginning of what was asked
/// @param phase where its last message is: queued, leased, done, dead or canceled
/// @param problem why an attempt failed; empty when none did
/// @param resentAs the task as which a dead message was sent again
public record TaskLine(
        UUID id,
        WorkspaceId target,
        Owner owner,
        @Nullable UUID parent,
        String state,
        String text,
        String phase,
        int attempts,
        String problem,
        @Nullable UUID resentAs,
        Instant createdAt,
        Instant stateAt) {

    /// Writes it for the wire.
    public ObjectNode toJson() {
        return Json.object()
                .put("id", id.toString())
                .put("target_id", target.toString())
                .put("source_id", owner.workspace().map(WorkspaceId::toString).orElse(null))
                .put("parent_task_id", parent == null ? null : parent.toString())
                .put("state", state)
                .put("text", text)
                .put("phase", phase)
                .put("attempts", attempts)
                .put("problem", problem)
                .put("resent_as", resentAs == null ? null : resentAs.toString())
                .put("created_at", createdAt.toString())
                .put("state_at", stateAt.toString());
    }
}
