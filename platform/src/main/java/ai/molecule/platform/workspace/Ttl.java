package ai.molecule.platform.workspace;

import ai.molecule.protocol.Wire;
import ai.molecule.protocol.WireException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// For how long an ephemeral workspace is there at most: `"ephemeral": true` and `"ttl"`, in seconds.
public final class Ttl {

    /// Where nobody says.
    public static final Duration DEFAULT = Duration.ofHours(1);

    private static final Duration MIN = Duration.ofSeconds(5);
    private static final Duration MAX = Duration.ofDays(7);

    private Ttl() {}

    /// Reads both fields; null for a workspace that stays.
    ///
    /// @throws WireException when they contradict each other, or the time is out of range
    static @Nullable Duration read(Wire wire) {
        var ephemeral = wire.flag("ephemeral", wire.has("ttl"));
        if (!ephemeral && wire.has("ttl")) {
            throw new WireException("Expected \"ttl\" only with \"ephemeral\": true");
        }
        return ephemeral ? read(wire, DEFAULT) : null;
    }

    /// Reads the time alone.
    ///
    /// @throws WireException when it is out of range
    public static Duration read(Wire wire, Duration otherwise) {
        var ttl = Duration.ofSeconds(wire.integer("ttl", otherwise.toSeconds()));
        if (ttl.compareTo(MIN) < 0 || ttl.compareTo(MAX) > 0) {
            throw new WireException(
                    "Expected \"ttl\" to be from " + MIN.toSeconds() + " to " + MAX.toSeconds() + " seconds");
        }
        return ttl;
    }
}
