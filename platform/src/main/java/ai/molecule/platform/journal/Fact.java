package ai.molecule.platform.journal;

import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Something that happened, with its place in the order of everything that happened.
///
/// @param seq gap-free, from 1, in the order of commits
public record Fact(long seq, Instant at, @Nullable WorkspaceId workspace, Event event, JsonNode payload) {}
