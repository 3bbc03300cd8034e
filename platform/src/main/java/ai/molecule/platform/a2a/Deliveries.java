package ai.molecule.platform.a2a;

import ai.molecule.platform.ledger.Lease;
import ai.molecule.platform.ledger.Ledger;
import ai.molecule.protocol.TaskState;
import ai.molecule.protocol.TaskTree;
import ai.molecule.protocol.WorkspaceId;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/// All deliveries of this process: what is handed over at once, what leaves the mailboxes because an agent is
/// there and
/// has a free slot, and what is taken over from processes that are gone.
///
/// Soft: the leases are in the ledger.
public final class Deliveries {

    private final Ledger ledger;
    private final Means means;
    private final Map<Long, Delivery> running = new ConcurrentHashMap<>();
    private final Set<WorkspaceId> hints = ConcurrentHashMap.newKeySet();
    private volatile Runnable wake = () -> {};

    public Deliveries(Means means) {
        this.ledger = means.ledger();
        this.means = means;
    }

    /// Is called when a round of deliveries should come soon.
    public void onNeed(Runnable loop) {
        wake = loop;
    }

    /// Hears that something may be waiting.
    ///
    /// @param workspace in front of whom; empty when nobody knows
    public void look(String workspace) {
        WorkspaceId.parse(workspace).ifPresent(hints::add);
        wake.run();
    }

    /// Hands over a message that was taken in just now.
    ///
    /// @param tree the task up to the event that took the message in
    void begin(Lease lease, TaskTree tree) {
        start(new Delivery(means, lease, true, tree), lease);
    }

    private void start(Delivery delivery, Lease lease) {
        running.put(lease.delivery(), delivery);
        Thread.ofVirtual().name("delivery-" + lease.delivery()).start(() -> {
            try {
                delivery.run();
            } finally {
                running.remove(lease.delivery(), delivery);
            }
        });
    }

    /// Lets go of a task's agent.
    void stop(UUID task) {
        running.values().stream()
                .filter(delivery -> delivery.task().equals(task))
                .forEach(Delivery::stop);
    }

    /// Hands over what waits and can be handed over.
    public void round() {
        var hinted = List.copyOf(hints);
        hinted.forEach(hints::remove);
        hinted.forEach(this::drain);
        ledger.waitingTargets().forEach(this::drain);
    }

    private void drain(WorkspaceId target) {
        ledger.lease(target).forEach(this::resume);
    }

    private void resume(Lease lease) {
        start(new Delivery(means, lease, false, ledger.tree(lease.task())), lease);
    }

    /// Takes over what other processes left, and gives up what waits in vain.
    public void keep() {
        ledger.takeOver().forEach(this::resume);
        ledger.giveUp((tree, why) ->
                Words.came(tree.task(), TaskState.FAILED, why, means.clock().instant()));
    }
}
