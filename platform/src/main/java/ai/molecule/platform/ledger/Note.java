package ai.molecule.platform.ledger;

import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import org.jspecify.annotations.Nullable;

/// What an agent tells of itself beside its tasks.
///
/// @param type in the original's words
/// @param target whom it is about; null for nobody
/// @param durationMs milliseconds; null where it does not say
/// @param request JSON null for none
/// @param response JSON null for none
/// @param key what its writer calls it, so that the same is noted once and can be changed; null for nothing
public record Note(
        WorkspaceId workspace,
        String type,
        String method,
        @Nullable WorkspaceId target,
        String summary,
        String status,
        String problem,
        @Nullable Integer durationMs,
        JsonNode request,
        JsonNode response,
        @Nullable String key) {}
