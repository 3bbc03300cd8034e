package ai.molecule.platform.registry;

import ai.molecule.platform.store.Attention;
import ai.molecule.platform.store.Database;
import ai.molecule.platform.workspace.Lives;
import java.time.Duration;
import java.time.InstantSource;

/// Declares agents offline that were not heard for three heartbeats.
///
/// Nobody is declared offline before this process has listened for one full patience: after a restart every
/// agent gets its chance.
public final class Silence {

    /// Three missed heartbeats.
    public static final Duration PATIENCE = Duration.ofSeconds(90);

    private final PresenceStore store;
    private final Lives lives;
    private final InstantSource clock;
    private final Attention attention;

    public Silence(Lives lives, Database database, InstantSource clock) {
        this.store = new PresenceStore(database);
        this.lives = lives;
        this.clock = clock;
        this.attention = new Attention(clock);
    }

    /// One look at everybody.
    public void look() {
        attention.begin();
        var now = clock.instant();
        for (var id : store.silent(now, PATIENCE, attention.since())) {
            lives.change(
                    id,
                    found -> found.with(found.life().silent("no heartbeat for " + PATIENCE.toSeconds() + " s", now)));
        }
        attention.end();
    }
}
