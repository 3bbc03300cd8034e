package ai.molecule.protocol;

import java.util.Optional;
import java.util.UUID;

/// Names a workspace for ever; a UUID on the wire, as the original's clients expect.
public record WorkspaceId(UUID value) {

    private static final int TEXT_LENGTH = 36;

    /// Makes a new random id.
    public static WorkspaceId random() {
        return new WorkspaceId(UUID.randomUUID());
    }

    /// Reads the canonical 36-character form; anything else is empty.
    public static Optional<WorkspaceId> parse(String text) {
        if (text.length() != TEXT_LENGTH) {
            return Optional.empty();
        }
        try {
            return Optional.of(new WorkspaceId(UUID.fromString(text)));
        } catch (IllegalArgumentException notAUuid) {
            return Optional.empty();
        }
    }

    @Override
    public String toString() {
        return value.toString();
    }
}
