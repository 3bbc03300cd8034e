package ai.molecule.platform.workspace;

import ai.molecule.platform.backend.AgentRuntime;
import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.HostAccess;
import ai.molecule.platform.backend.News;
import ai.molecule.platform.backend.StartOrder;
import ai.molecule.protocol.WorkspaceId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
    private final Map<WorkspaceId, Spare> spares = new HashMap<>();
    private final Map<String, Pause> pauses = new HashMap<>();
    private boolean closed;

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

    /// None of a runtime is made for a while.
    private record Pause(Duration length, Instant until, String why) {}

    public Spares(Wanted wanted, Provisioner.Surroundings surroundings, InstantSource clock) {
        this.wanted = wanted;
        this.surroundings = surroundings;
        this.clock = clock;
    }

    /// The id of a workspace whose agent is ready and is as somebody wants theirs. It is taken for good: where
    /// nothing comes of it, it is swept.
    synchronized Optional<WorkspaceId> take(Profile profile) {
        if (spares.isEmpty()
                || !profile.backend().equals(wanted.backend())
                || profile.tier() != Tier.T2
                || !profile.host().equals(HostAccess.NONE)) {
            return Optional.empty();
        }
        var runtime = surroundings.runtimes().find(profile.runtime());
        for (var one : spares.entrySet()) {
            var spare = one.getValue();
            if (spare.state() == State.READY
                    && runtime.filter(spare.runtime()::equals).isPresent()) {
                one.setValue(new Spare(spare.runtime(), State.TAKEN, clock.instant()));
                return Optional.of(one.getKey());
            }
        }
        return Optional.empty();
    }

    private void put(WorkspaceId id, AgentRuntime runtime, State state) {
        spares.put(id, new Spare(runtime, state, clock.instant()));
    }

    /// A workspace's agent is being started: from now on it is known by its row.
    synchronized void handOver(WorkspaceId id) {
        var spare = spares.remove(id);
        if (spare != null) {
            pauses.remove(spare.runtime().id());
        }
    }

    /// True for the workspaces that are yet to be.
    synchronized boolean holds(WorkspaceId id) {
        return spares.containsKey(id);
    }

    /// Hears news of an agent that waits.
    ///
    /// @return false when it is of another
    boolean heard(News news) {
        var ill = switch (news) {
            case News.Death death -> death.how();
            case News.Health health -> health.well() ? "" : health.detail();
            case News.Step step -> "";
        };
        synchronized (this) {
            var spare = spares.get(news.workspace());
            if (spare == null) {
                return false;
            }
            if (ill.isEmpty() || spare.state() == State.TAKEN) {
                return true;
            }
            spares.remove(news.workspace());
            pause(spare.runtime().id(), "one that was made ahead is of no use: " + ill);
        }
        purge(List.of(news.workspace()));
        return true;
    }

    /// Makes what is missing, one after the other, and drops what is not wanted any more.
    ///
    /// @param may false when there is something more urgent to do, or another process's turn
    public void round(BooleanSupplier may) {
        for (var name : wanted.each() == 0 ? List.<String>of() : wanted.runtimes()) {
            var runtime = surroundings.runtimes().find(name);
            purge(outdated(name, runtime));
            while (runtime.isPresent() && may.getAsBoolean()) {
                var next = next(runtime.get());
                if (next.isEmpty()) {
                    break;
                }
                make(next.get(), runtime.get());
            }
        }
    }

    /// This process is not the one that starts agents, or not any more: whoever is takes away what is here.
    public synchronized void rest() {
        spares.clear();
    }

    private synchronized List<WorkspaceId> outdated(String name, Optional<AgentRuntime> now) {
        var then = clock.instant().minus(TAKEN_MAX);
        spares.values()
                .removeIf(one -> one.state() == State.TAKEN && one.since().isBefore(then));
        var old = new ArrayList<WorkspaceId>();
        spares.forEach((id, one) -> {
            if (one.state() == State.READY
                    && one.runtime().id().equals(name)
                    && now.filter(one.runtime()::equals).isEmpty()) {
                old.add(id);
            }
        });
        old.forEach(spares::remove);
        return old;
    }

    /// The id of the next one to make, where one is missing.
    private synchronized Optional<WorkspaceId> next(AgentRuntime runtime) {
        var there = spares.values().stream()
                .filter(one -> one.state() != State.TAKEN && one.runtime().equals(runtime))
                .count();
        var pause = pauses.get(runtime.id());
        if (closed
                || there >= wanted.each()
                || (pause != null && clock.instant().isBefore(pause.until()))) {
            return Optional.empty();
        }
        var id = WorkspaceId.random();
        put(id, runtime, State.MAKING);
        return Optional.of(id);
    }

    private void make(WorkspaceId id, AgentRuntime runtime) {
        var why = "it failed";
        try {
            why = prepare(id, runtime);
        } catch (BackendException failed) {
            why = String.valueOf(failed.getMessage());
        } finally {
            if (!made(id, runtime, why)) {
                purge(List.of(id));
            }
        }
    }

    private String prepare(WorkspaceId id, AgentRuntime runtime) throws BackendException {
        var backend = surroundings.backends().get(wanted.backend());
        if (backend == null) {
            return "the " + wanted.backend() + " backend is not open";
        }
        return backend.prepare(StartOrder.ahead(
                        id, runtime, Tier.T2.size(), surroundings.platformUrl().apply(backend)))
                .orElse("");
    }

    /// True when it is kept.
    private synchronized boolean made(WorkspaceId id, AgentRuntime runtime, String why) {
        var wantedStill = spares.remove(id) != null && !closed;
        if (wantedStill && why.isEmpty()) {
            put(id, runtime, State.READY);
            return true;
        }
        if (!why.isEmpty()) {
            pause(runtime.id(), why);
        }
        return false;
    }

    private void pause(String runtime, String why) {
        var before = pauses.get(runtime);
        var twice = before == null ? PAUSE_FIRST : before.length().multipliedBy(2);
        var length = twice.compareTo(PAUSE_MAX) < 0 ? twice : PAUSE_MAX;
        if (before == null || !before.why().equals(why)) {
            LOG.warn("No agents of runtime {} are made ahead for {}: {}", runtime, length, why);
        }
        pauses.put(runtime, new Pause(length, clock.instant().plus(length), why));
    }

    /// Takes some away; where that fails, the sweep does.
    private void purge(List<WorkspaceId> ids) {
        var backend = surroundings.backends().get(wanted.backend());
        var threads = new ArrayList<Thread>();
        for (var id : ids) {
            threads.add(Thread.ofVirtual().name("spare-" + id).start(() -> {
                try {
                    if (backend != null) {
                        backend.purge(id, false);
                    }
                } catch (BackendException failed) {
                    LOG.debug("Spare {} is left to the sweep", id, failed);
                }
            }));
        }
        var until = System.nanoTime() + GOODBYE.toNanos();
        try {
            for (var thread : threads) {
                thread.join(Duration.ofNanos(Math.max(1, until - System.nanoTime())));
            }
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
    }

    /// Takes those away that nobody took; none is made any more.
    @Override
    public void close() {
        purge(last());
    }

    private synchronized List<WorkspaceId> last() {
        closed = true;
        var ready = spares.entrySet().stream()
                .filter(one -> one.getValue().state() == State.READY)
                .map(Map.Entry::getKey)
                .toList();
        ready.forEach(spares::remove);
        return ready;
    }
}
