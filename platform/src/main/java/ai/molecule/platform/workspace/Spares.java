package ai.molecule.platform.workspace;

import ai.molecule.platform.backend.AgentRuntime;
import ai.molecule.platform.backend.Backend;
import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.HostAccess;
import ai.molecule.platform.backend.News;
import ai.molecule.platform.backend.StartOrder;
import ai.molecule.protocol.WorkspaceId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The warm pool: agents that were made ahead, each for a workspace that is yet to be. A workspace that is
/// created takes the id of one, and its first start finds everything there but its order.
///
/// A spare carries nothing of anybody, and is never given twice. Soft: those of a process that is gone belong
/// to workspaces that never were, and are swept like all such.
public final class Spares implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Spares.class);
    private static final Duration TAKEN_MAX = Duration.ofMinutes(1);
    private static final Duration PAUSE_FIRST = Duration.ofSeconds(1);
    private static final Duration PAUSE_MAX = Duration.ofMinutes(1);
    private static final Duration GOODBYE = Duration.ofSeconds(5);

    private final Wanted wanted;
    private final Provisioner.Surroundings surroundings;
    private final InstantSource clock;
    private final Map<WorkspaceId, Spare> spares = new ConcurrentHashMap<>();
    private final Set<AgentRuntime> impossible = new HashSet<>();
    private Duration pause = PAUSE_FIRST;
    private Instant notBefore = Instant.MIN;

    /// How many are wanted.
    ///
    /// @param each of every runtime; 0 for no pool
    /// @param backend where they are made
    public record Wanted(int each, List<String> runtimes, String backend) {
        public Wanted {
            runtimes = List.copyOf(runtimes);
        }

        /// The same at a backend.
        public Wanted at(String where) {
            return new Wanted(each, runtimes, where);
        }
    }

    private enum State {
        MAKING,
        READY,
        TAKEN
    }

    /// One agent.
    ///
    /// @param since when it came into its state
    private record Spare(AgentRuntime runtime, State state, Instant since) {}

    public Spares(Wanted wanted, Provisioner.Surroundings surroundings, InstantSource clock) {
        this.wanted = wanted;
        this.surroundings = surroundings;
        this.clock = clock;
    }

    /// The id of a workspace whose agent is ready and is as somebody wants theirs. It is taken: whoever does
    /// not use it leaves it to the sweep.
    synchronized Optional<WorkspaceId> take(Profile profile) {
        if (!profile.backend().equals(wanted.backend())
                || profile.tier() != Tier.T2
                || !profile.host().equals(HostAccess.NONE)) {
            return Optional.empty();
        }
        var runtime = surroundings.runtimes().find(profile.runtime());
        for (var one : spares.entrySet()) {
            if (one.getValue().state() == State.READY
                    && runtime.filter(one.getValue().runtime()::equals).isPresent()) {
                one.setValue(new Spare(one.getValue().runtime(), State.TAKEN, clock.instant()));
                pause = PAUSE_FIRST;
                return Optional.of(one.getKey());
            }
        }
        return Optional.empty();
    }

    /// A workspace's agent is being started: from now on it is known by its row.
    void handOver(WorkspaceId id) {
        spares.remove(id);
    }

    /// True for the workspaces that are yet to be.
    boolean holds(WorkspaceId id) {
        return spares.containsKey(id);
    }

    /// Hears news of an agent that waits.
    ///
    /// @return false when it is of another
    boolean heard(News news) {
        var spare = spares.get(news.workspace());
        if (spare == null) {
            return false;
        }
        var ill = switch (news) {
            case News.Death death -> death.how();
            case News.Health health -> health.well() ? "" : health.detail();
            case News.Step step -> "";
        };
        if (!ill.isEmpty() && spare.state() != State.TAKEN) {
            drop(news.workspace());
            waitAWhile("an agent of runtime " + spare.runtime().id() + " that was made ahead is of no use: " + ill);
        }
        return true;
    }

    /// Makes what is missing, one after the other, and drops what is not wanted any more.
    ///
    /// @param quiet false when there is something more urgent to do
    public void round(BooleanSupplier quiet) {
        if (wanted.each() == 0) {
            return;
        }
        forgetUnused();
        var backend = surroundings.backends().get(wanted.backend());
        for (var name : wanted.runtimes()) {
            var runtime = surroundings.runtimes().find(name);
            dropOutdated(name, runtime);
            while (backend != null
                    && runtime.isPresent()
                    && count(runtime.get()) < wanted.each()
                    && mayMake()
                    && !impossible.contains(runtime.get())
                    && quiet.getAsBoolean()) {
                make(backend, runtime.get());
            }
        }
    }

    private void forgetUnused() {
        var then = clock.instant().minus(TAKEN_MAX);
        spares.values()
                .removeIf(one -> one.state() == State.TAKEN && one.since().isBefore(then));
    }

    private void dropOutdated(String name, Optional<AgentRuntime> now) {
        for (var one : spares.entrySet()) {
            var runtime = one.getValue().runtime();
            if (runtime.id().equals(name)
                    && one.getValue().state() == State.READY
                    && now.filter(runtime::equals).isEmpty()) {
                drop(one.getKey());
            }
        }
    }

    private long count(AgentRuntime runtime) {
        return spares.values().stream()
                .filter(one -> one.state() != State.TAKEN && one.runtime().equals(runtime))
                .count();
    }

    private void make(Backend backend, AgentRuntime runtime) {
        var id = WorkspaceId.random();
        spares.put(id, new Spare(runtime, State.MAKING, clock.instant()));
        try {
            var order = StartOrder.ahead(
                    id, runtime, Tier.T2.size(), surroundings.platformUrl().apply(backend));
            if (backend.prepare(order)) {
                ready(id, runtime);
            } else {
                impossible.add(runtime);
                spares.remove(id);
                LOG.warn(
                        "Agents of runtime {} cannot be made ahead on {}: its image does not wait for an order",
                        runtime.id(),
                        backend.name());
            }
        } catch (BackendException failed) {
            spares.remove(id);
            waitAWhile(String.valueOf(failed.getMessage()));
        }
    }

    private void ready(WorkspaceId id, AgentRuntime runtime) {
        var spare = new Spare(runtime, State.READY, clock.instant());
        if (spares.computeIfPresent(id, (any, making) -> spare) == null) {
            purge(id);
        }
    }

    private synchronized void waitAWhile(String why) {
        notBefore = clock.instant().plus(pause);
        LOG.warn("The warm pool waits {}: {}", pause, why);
        pause = pause.multipliedBy(2).compareTo(PAUSE_MAX) < 0 ? pause.multipliedBy(2) : PAUSE_MAX;
    }

    private synchronized boolean mayMake() {
        return !clock.instant().isBefore(notBefore);
    }

    /// Takes one away; where that fails, the sweep does.
    private void drop(WorkspaceId id) {
        spares.remove(id);
        Thread.ofVirtual().name("drop-" + id).start(() -> purge(id));
    }

    private void purge(WorkspaceId id) {
        try {
            var backend = surroundings.backends().get(wanted.backend());
            if (backend != null) {
                backend.purge(id, false);
            }
        } catch (BackendException failed) {
            LOG.debug("A spare is left to the sweep", failed);
        }
    }

    /// Takes those away that nobody took.
    @Override
    public void close() {
        var threads = spares.entrySet().stream()
                .filter(one -> one.getValue().state() == State.READY)
                .map(one -> Thread.ofVirtual().start(() -> purge(one.getKey())))
                .toList();
        try {
            for (var thread : threads) {
                thread.join(GOODBYE);
            }
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
    }
}
