package ai.molecule.platform.a2a;

import ai.molecule.platform.ledger.Ledger;
import ai.molecule.platform.spending.Spending;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Ends what is under way at agents that have used up their budget. What waits for them goes on waiting.
public final class Overspent {

    private static final Logger LOG = LoggerFactory.getLogger(Overspent.class);
    private static final int AT_ONCE_MAX = 200;

    private final Ledger ledger;
    private final Asking asking;
    private final Spending spending;

    public Overspent(Ledger ledger, Asking asking, Spending spending) {
        this.ledger = ledger;
        this.asking = asking;
        this.spending = spending;
    }

    /// One look.
    public void round() {
        for (var task : ledger.overspent(AT_ONCE_MAX)) {
            var why = spending.why(task.target());
            LOG.info("Task {} of workspace {} is ended: {}", task.id(), task.target(), why);
            asking.end(task, why);
        }
    }
}
