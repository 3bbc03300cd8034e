package ai.molecule.platform.ledger;

import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A message to be taken in.
///
/// @param task the id of the task: a new one, or of the one that goes on
/// @param further true when the task exists
/// @param event what the task's history gets: the new task, or the status with the message heard
/// @param request what is to be sent to the agent: A2A parameters in the form of 1.0, and the headers that go
/// with them
/// @param origin in whose course it is asked for
/// @param expires when it is given up if it was not delivered by then
public record Submission(
        UUID task,
        boolean further,
        Address address,
        ObjectNode event,
        String state,
        ObjectNode request,
        Origin origin,
        Instant expires) {

    /// About how many bytes it takes.
    long weight() {
        return 2L * Json.weight(request);
    }

    /// From whom to whom: what order and doubles are judged by.
    ///
    /// @param newContext true when nobody can have spoken in the context before
    public record Address(WorkspaceId target, Owner owner, String contextId, String messageId, boolean newContext) {}

    /// In the course of which work a message is sent.
    ///
    /// @param parent the task, null when it is nobody's
    /// @param depth how many tasks stand above it
    /// @param trace the W3C trace id
    /// @param inside true when the target itself is at work on one of the tasks above, so that it needs no free
    /// slot
    /// @param deadline when the work must be done; null when it has no limit
    public record Origin(
            @Nullable UUID parent,
            int depth,
            String trace,
            boolean inside,
            @Nullable Instant deadline) {}
}
