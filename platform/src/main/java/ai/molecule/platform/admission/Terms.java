package ai.molecule.platform.admission;

import ai.molecule.protocol.WireException;
import ai.molecule.protocol.WorkspaceId;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What runs that are let in become.
///
/// @param parent below whom; null for the top
/// @param role the role of their workspaces
/// @param ttl how long each may last
/// @param liveMax how many at once
/// @param secrets the names of the global secrets that they get, and no others
public record Terms(@Nullable WorkspaceId parent, String role, Duration ttl, int liveMax, Set<String> secrets) {

    static final int LIVE_DEFAULT = 20;
    static final int LIVE_MAX = 10_000;

    public Terms {
        secrets = java.util.Collections.unmodifiableSet(new TreeSet<>(secrets));
        if (liveMax < 1 || liveMax > LIVE_MAX) {
            throw new WireException("Expected \"live_max\" from 1 to " + LIVE_MAX);
        }
    }
}
