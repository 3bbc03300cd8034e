package ai.molecule.platform.ledger;

import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

/// The right of one process to deliver one message, until the delivery ends or the process does.
///
/// @param number which lease of the delivery this is; an older one is good for nothing any more
/// @param seq the event of the task that took the message in
/// @param request what is to be sent
/// @param agentTask what the agent calls the task; empty while it does not know it
/// @param agentContext what the agent calls the context; empty when it calls it as we do
/// @param acknowledged true when the agent has the message, as far as is known
/// @param attempts how many attempts were made before
/// @param lost after how many of them the agent was lost with the message
public record Lease(
        long delivery,
        int number,
        UUID task,
        WorkspaceId target,
        String contextId,
        long seq,
        JsonNode request,
        String agentTask,
        String agentContext,
        boolean acknowledged,
        int attempts,
        int lost,
        Instant expires) {

    private static final Duration PAUSE_FIRST = Duration.ofMillis(500);
    private static final Duration PAUSE_MAX = Duration.ofSeconds(30);

    /// How long the message rests when this attempt fails: not at all the first time, then longer each time.
    public Duration pause() {
        if (attempts == 0) {
            return Duration.ZERO;
        }
        var doubled = PAUSE_FIRST.multipliedBy(1L << Math.min(attempts - 1, 10));
        return doubled.compareTo(PAUSE_MAX) > 0 ? PAUSE_MAX : doubled;
    }
}
