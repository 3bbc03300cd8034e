package ai.molecule.platform.ledger;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One line of a workspace's activity: a message it got or sent, or a note of its agent's.
///
/// @param seq its place; higher ones came later
/// @param type in the original's words, such as `a2a_receive`
/// @param source who sent it; null for the operator
/// @param message what was said, in the form of A2A 1.0; JSON null for a note
/// @param request the body of a note's request; JSON null for none
/// @param response what came of it: a task in the form of A2A 1.0, or a note's own; JSON null while nothing did
/// @param status `pending`, `ok` or `error`, or what a note says
/// @param durationMs milliseconds until it was done; null while it is not
/// @param task the task that a message belongs to; null for a note
public record ActivityRow(
        long seq,
        String type,
        String method,
        @Nullable UUID source,
        @Nullable UUID target,
        String summary,
        JsonNode message,
        JsonNode request,
        JsonNode response,
        String status,
        String problem,
        @Nullable Long durationMs,
        @Nullable UUID task,
        Instant createdAt) {}
