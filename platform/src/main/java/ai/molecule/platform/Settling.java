package ai.molecule.platform;

import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.store.LeaderLock;
import ai.molecule.platform.workspace.Provisioner;
import ai.molecule.platform.workspace.Spares;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes the world follow the rows while this process leads: starts what is wanted, takes stock, sweeps, and keeps the
/// warm pool filled.
final class Settling implements Runnable {

    private static final Logger LOG = LoggerFactory.getLogger(Settling.class);
    private static final int ROUNDS_BETWEEN_STOCK = 10;

    private final LeaderLock leader;
    private final Provisioner provisioner;
    private final Spares spares;
    private boolean leading;
    private long rounds;

    Settling(LeaderLock leader, Provisioner provisioner, Spares spares) {
        this.leader = leader;
        this.provisioner = provisioner;
        this.spares = spares;
    }

    void prepare() {
        if (leader.held()) {
            spares.round(() -> provisioner.idle() && leader.held());
        } else {
            spares.rest();
        }
    }

    void sweep() {
        if (leader.held()) {
            provisioner.sweep();
        }
    }

    @Override
    public void run() {
        if (!lead()) {
            return;
        }
        if (++rounds % ROUNDS_BETWEEN_STOCK == 0) {
            takeStock("its backend does not see it any more");
        }
        provisioner.round();
    }

    /// True while this process leads; whoever begins to lead takes stock first.
    boolean lead() {
        if (!leader.held()) {
            leading = false;
        } else if (!leading) {
            leading = takeStock("ended with the platform");
        }
        return leading;
    }

    private boolean takeStock(String how) {
        try {
            provisioner.takeStock(how);
            return true;
        } catch (BackendException unreachable) {
            LOG.warn("Cannot take stock ({}); trying again soon", unreachable.getMessage());
            return false;
        }
    }
}
