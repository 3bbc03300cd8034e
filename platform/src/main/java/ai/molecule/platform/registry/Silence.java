package ai.molecule.platform.registry;

import ai.molecule.platform.store.Database;
import ai.molecule.platform.workspace.Lives;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/// Declares agents offline that were not heard for three heartbeats.
///
/// Nobody is declared offline before this process has listened for one full patience: after a restart every
/// agent gets its chance.
public final class Silence {

    /// Three missed heartbeats.
    public static final Duration PATIENCE = Duration.ofSeconds(90);

    private static final Duration GAP = Duration.ofSeconds(10);

    private final PresenceStore store;
    private final Lives lives;
    private final InstantSource clock;
    private Instant listeningSince;
    private Instant looked;

    public Silence(Lives lives, Database database, InstantSource clock) {
        this.store = new PresenceStore(database);
        this.lives = lives;
        this.clock = clock;
        this.listeningSince = clock.instant();
        this.looked = listeningSince;
    }

    /// One look at everybody.
    public void look() {
        var now = clock.instant();
        if (looked.plus(GAP).isBefore(now)) {
            // The machine slept, or the database was away: nobody could be heard either.
            listeningSince = now;
        }
        for (var id : store.silent(now, PATIENCE, listeningSince)) {
            lives.change(
                    id,
                    found -> found.with(found.life().silent("no heartbeat for " + PATIENCE.toSeconds() + " s", now)));
        }
        looked = now;
    }
}
