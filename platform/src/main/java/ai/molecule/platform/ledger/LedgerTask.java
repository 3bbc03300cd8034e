package ai.molecule.platform.ledger;

import ai.molecule.protocol.TaskState;
import ai.molecule.protocol.WorkspaceId;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A task's row.
///
/// @param seq the number of its last event
/// @param agentTask what its agent calls it, empty while the agent does not know it
/// @param trace the W3C trace id it belongs to
public record LedgerTask(
        UUID id,
        WorkspaceId target,
        Owner owner,
        String contextId,
        TaskState state,
        Instant stateAt,
        long seq,
        String agentTask,
        @Nullable UUID parent,
        int depth,
        String trace,
        boolean cancelAsked,
        @Nullable Instant deadline,
        Instant createdAt) {}
