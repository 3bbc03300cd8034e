package ai.molecule.platform.workspace;

import ai.molecule.protocol.WorkspaceId;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.UUID;

/// A place in the list of workspaces; opaque on the wire.
public record Cursor(Instant createdAt, WorkspaceId id) {

    /// Before the first.
    public static final Cursor START = new Cursor(Instant.EPOCH, new WorkspaceId(new UUID(0, 0)));

    /// Just after a workspace.
    public static Cursor after(Workspace workspace) {
        return new Cursor(workspace.createdAt(), workspace.id());
    }

    /// Reads a cursor that an earlier page gave; anything else is empty.
    public static Optional<Cursor> parse(String wire) {
        try {
            var parts = new String(Base64.getUrlDecoder().decode(wire), StandardCharsets.UTF_8).split("\\|", 2);
            if (parts.length != 2) {
                return Optional.empty();
            }
            return WorkspaceId.parse(parts[1]).map(id -> new Cursor(Instant.parse(parts[0]), id));
        } catch (IllegalArgumentException | DateTimeException notOurs) {
            return Optional.empty();
        }
    }

    public String wire() {
        return Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString((createdAt + "|" + id).getBytes(StandardCharsets.UTF_8));
    }
}
