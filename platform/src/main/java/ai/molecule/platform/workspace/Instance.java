package ai.molecule.platform.workspace;

import ai.molecule.protocol.WorkspaceId;
import java.time.Instant;

/// One start of an agent by a backend, as far as it got: intended before the backend acts, running after, dead
/// once it ended by itself.
///
/// @param handle the backend's name for it; empty while intended
/// @param address where the platform reaches it; empty while intended
/// @param deaths how often in a row it ended soon
/// @param notBefore when it ran, and of a dead one, when the next start may be tried
record Instance(
        WorkspaceId workspace,
        long generation,
        String backend,
        Phase phase,
        String handle,
        String address,
        int deaths,
        Instant notBefore) {

    /// How far a start got.
    enum Phase {
        INTENDED,
        RUNNING,
        DEAD
    }
}
