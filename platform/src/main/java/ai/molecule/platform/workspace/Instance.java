package ai.molecule.platform.workspace;

import ai.molecule.platform.backend.Started;
import ai.molecule.protocol.WorkspaceId;
import java.time.Instant;
import java.util.Map;

/// One start of an agent by a backend, as far as it got: intended before the backend acts, running after, dead
/// once it ended by itself.
///
/// @param handle the backend's name for it; empty while intended
/// @param address where the platform reaches it; empty while intended
/// @param headers what calls to it must carry beside
/// @param resumed true when it was not begun anew: the agent of before may go on without registering
/// @param deaths how often in a row it ended soon
/// @param notBefore when it ran, and of a dead one, when the next start may be tried
record Instance(
        WorkspaceId workspace,
        long generation,
        String backend,
        Phase phase,
        String handle,
        String address,
        Map<String, String> headers,
        boolean resumed,
        int deaths,
        Instant notBefore) {

    Instance {
        headers = Map.copyOf(headers);
    }

    /// A start that is about to be ordered.
    static Instance intended(WorkspaceId workspace, long generation, String backend, int deaths, Instant now) {
        return new Instance(workspace, generation, backend, Phase.INTENDED, "", "", Map.of(), false, deaths, now);
    }

    /// The same once it was carried out.
    Instance started(Started started, Instant now) {
        return new Instance(
                workspace,
                generation,
                backend,
                Phase.RUNNING,
                started.handle(),
                started.address().toString(),
                started.headers(),
                started.resumed(),
                deaths,
                now);
    }

    /// The same once it ended.
    Instance dead(int fallen, Instant next) {
        return new Instance(workspace, generation, backend, Phase.DEAD, handle, "", Map.of(), false, fallen, next);
    }

    /// How far a start got.
    enum Phase {
        INTENDED,
        RUNNING,
        DEAD
    }
}
