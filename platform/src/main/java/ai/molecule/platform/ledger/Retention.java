package ai.molecule.platform.ledger;

import ai.molecule.platform.store.Database;
import java.time.Duration;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Removes what has ended long ago: tasks with their messages and events, and notes. What has not ended stays,
/// however old.
public final class Retention {

    private static final Logger LOG = LoggerFactory.getLogger(Retention.class);
    private static final int AT_ONCE_MAX = 1000;
    private static final int ROUNDS_MAX = 100;

    private final RetentionStore store;
    private final Duration kept;
    private final InstantSource clock;

    /// @param kept how long
    public Retention(Database database, Duration kept, InstantSource clock) {
        this.store = new RetentionStore(database);
        this.kept = kept;
        this.clock = clock;
    }

    /// Removes what is too old, a bounded number of tasks at a time.
    public void round() {
        var before = clock.instant().minus(kept);
        var gone = 0;
        for (int rounds = 0; rounds < ROUNDS_MAX; rounds++) {
            var some = store.removeEnded(before, AT_ONCE_MAX);
            gone += some;
            if (some < AT_ONCE_MAX) {
                break;
            }
        }
        var notes = store.removeNotes(before);
        if (gone + notes > 0) {
            LOG.info("Removed {} tasks and {} notes from before {}", gone, notes, before);
        }
    }
}
