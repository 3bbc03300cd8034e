package ai.molecule.platform.a2a;

import ai.molecule.platform.ledger.Lease;
import ai.molecule.platform.ledger.Ledger;
import ai.molecule.platform.registry.Way;
import ai.molecule.platform.store.DatabaseException;
import ai.molecule.protocol.TaskState;
import ai.molecule.protocol.TaskTree;
import ai.molecule.protocol.WorkspaceId;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// All deliveries of this process: what is handed over at once, what leaves the mailboxes because an agent is
/// there and has a free slot, and what is taken over from processes that are gone.
///
/// Soft: the leases are in the ledger.
public final class Deliveries implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Deliveries.class);
    private static final Duration AGAIN = Duration.ofSeconds(1);
    private static final Duration LOOK_AROUND = Duration.ofSeconds(1);
    private static final int FAILURES_MAX = 3;

    private final Ledger ledger;
    private final Means means;
    private final Map<Long, Running> running = new ConcurrentHashMap<>();
    private final Set<WorkspaceId> hints = ConcurrentHashMap.newKeySet();
    private volatile Runnable wake = () -> {};
    private volatile boolean everywhere;
    private volatile boolean closed;
    private long lookedAround;

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
        WorkspaceId.parse(workspace).ifPresentOrElse(hints::add, () -> everywhere = true);
        wake.run();
    }

    /// Hands over a message that was taken in just now.
    ///
    /// @param way how its agent is reached
    /// @param tree the task up to the event that took the message in
    void begin(Lease lease, Way way, TaskTree tree) {
        start(lease, () -> new Delivery(means, lease, way, null, tree));
    }

    private void start(Lease lease, Supplier<Delivery> first) {
        var own = new Running(lease.task());
        running.put(lease.delivery(), own);
        Thread.ofVirtual().name("delivery-" + lease.delivery()).start(() -> {
            try {
                run(own, lease, first);
            } finally {
                running.remove(lease.delivery(), own);
            }
        });
    }

    /// Sees a delivery to its end. What fails for want of a database is begun again from the ledger; what fails
    /// otherwise is, too, but not for ever.
    private void run(Running own, Lease lease, Supplier<Delivery> first) {
        var next = Optional.of(first);
        for (int failures = 0; next.isPresent() && !closed; ) {
            try {
                var delivery = own.now(next.get().get());
                if (failures >= FAILURES_MAX) {
                    delivery.giveUp("the platform failed to deliver it");
                } else {
                    delivery.run();
                }
                return;
            } catch (RuntimeException failed) {
                if (closed) {
                    return;
                }
                failures += failed instanceof DatabaseException lost && lost.unavailable() ? 0 : 1;
                LOG.warn("Delivery {} failed; it is begun again in {}", lease.delivery(), AGAIN, failed);
            }
            next = pickUp(lease);
        }
    }

    /// The delivery as the ledger has it, once it can be read; empty when it is not ours any more.
    private Optional<Supplier<Delivery>> pickUp(Lease lease) {
        while (!closed) {
            LockSupport.parkNanos(AGAIN.toNanos());
            try {
                return ledger.held(lease).map(this::fromLedger);
            } catch (DatabaseException stillAway) {
                LOG.debug("Delivery {} cannot be read yet", lease.delivery(), stillAway);
            }
        }
        return Optional.empty();
    }

    private Supplier<Delivery> fromLedger(Lease lease) {
        return () -> {
            var task = ledger.find(lease.task()).orElseThrow();
            return new Delivery(means, lease, null, task, ledger.tree(task.id(), task.seq()));
        };
    }

    /// A delivery that is at work here, which may have been begun more than once.
    private static final class Running {
        private final UUID task;
        private volatile @Nullable Delivery delivery;

        Running(UUID task) {
            this.task = task;
        }

        Delivery now(Delivery begun) {
            delivery = begun;
            return begun;
        }

        void tell(Consumer<Delivery> what) {
            var now = delivery;
            if (now != null) {
                what.accept(now);
            }
        }
    }

    /// Lets go of a task's agent.
    void stop(UUID task) {
        running.values().stream().filter(own -> own.task.equals(task)).forEach(own -> own.tell(Delivery::stop));
    }

    /// Hands over what waits and can be handed over: in front of those of whom something was heard, and now and
    /// then in front of all.
    public void round() {
        var hinted = List.copyOf(hints);
        hinted.forEach(hints::remove);
        hinted.forEach(this::drain);
        var now = System.nanoTime();
        if (everywhere || hinted.isEmpty() || now - lookedAround > LOOK_AROUND.toNanos()) {
            everywhere = false;
            lookedAround = now;
            ledger.waitingTargets().forEach(this::drain);
        }
    }

    private void drain(WorkspaceId target) {
        var leases = ledger.lease(target);
        var known = known(leases);
        for (var lease : leases) {
            var task = known.get(lease.task());
            start(
                    lease,
                    task == null
                            ? fromLedger(lease)
                            : () -> new Delivery(means, lease, null, task.task(), task.tree()));
        }
    }

    /// Must not fail: what is leased must be begun.
    private Map<UUID, Ledger.Known> known(List<Lease> leases) {
        try {
            return leases.isEmpty() ? Map.of() : ledger.known(leases);
        } catch (DatabaseException away) {
            LOG.debug("The tasks of {} leases are read one by one", leases.size(), away);
            return Map.of();
        }
    }

    private void resume(Lease lease) {
        start(lease, fromLedger(lease));
    }

    /// Hands nothing over any more. What is on its way is gone on with by who comes next.
    @Override
    public void close() {
        closed = true;
        running.values().forEach(own -> own.tell(Delivery::leave));
    }

    /// Goes on holding what is at work here.
    public void renew() {
        ledger.renew(running.keySet());
    }

    /// Takes over what nobody is at, though somebody should be, and gives up what waits in vain.
    public void keep() {
        ledger.takeOver(running.keySet()).forEach(this::resume);
        ledger.giveUp((tree, why) ->
                Words.came(tree.task(), TaskState.FAILED, why, means.clock().instant()));
    }
}
