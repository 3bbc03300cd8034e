package ai.molecule.platform.a2a;

import ai.molecule.platform.ledger.Ledger;
import java.time.InstantSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Ends what was not done by the time its caller gave it, and with it all that was asked for in its course.
public final class Deadlines {

    private static final Logger LOG = LoggerFactory.getLogger(Deadlines.class);
    private static final int AT_ONCE_MAX = 200;

    private final Ledger ledger;
    private final Asking asking;
    private final InstantSource clock;

    public Deadlines(Ledger ledger, Asking asking, InstantSource clock) {
        this.ledger = ledger;
        this.asking = asking;
        this.clock = clock;
    }

    /// Ends what is overdue.
    public void round() {
        for (var task : ledger.overdue(clock.instant(), AT_ONCE_MAX)) {
            LOG.info("Task {} was not done by {}", task.id(), task.deadline());
            asking.expire(task);
        }
    }
}
