package ai.molecule.platform.store;

import java.util.UUID;

/// Who this platform is: an id that is as old as its database, and shared by all processes on it.
public final class PlatformId {

    private PlatformId() {}

    /// Reads it.
    public static UUID of(Database database) {
        return database.first("select id from platform", row -> row.uuid("id")).orElseThrow();
    }
}
