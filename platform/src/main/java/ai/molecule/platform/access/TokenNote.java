package ai.molecule.platform.access;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// A token, without the secret itself.
///
/// @param lastUsedAt to about ten seconds; null for never
/// @param expiresAt null for never
public record TokenNote(
        UUID id,
        Instant createdAt,
        @Nullable Instant lastUsedAt,
        @Nullable Instant expiresAt) {}
