package ai.molecule.platform.workspace;

import ai.molecule.platform.access.Access;
import ai.molecule.platform.backend.Backend;
import ai.molecule.platform.backend.BackendAwayException;
import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.StartOrder;
import ai.molecule.platform.secret.Secrets;
import ai.molecule.protocol.WorkspaceId;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes the world follow the rows: starts agents that are wanted, stops those that are not, starts again those
/// that died.
///
/// Each start is an intent that is stored, an act of the backend, and an outcome that is stored. A crash
/// between any two leaves a row that the next round picks up; the backend carries out an order that it gets
/// twice once.
public final class Provisioner {

    private static final Logger LOG = LoggerFactory.getLogger(Provisioner.class);
    private static final Duration START_PATIENCE = Duration.ofSeconds(60);
    /// An agent that runs and is not heard may come back by itself; after this, another one takes its place.
    private static final Duration SILENCE_PATIENCE = Duration.ofSeconds(30);

    private static final int BATCH = 200;
    private static final int LAST_LINES = 3;

    private final Lives lives;
    private final InstanceStore instances;
    private final Deaths deaths;
    private final Access access;
    private final Secrets secrets;
    private final Surroundings surroundings;
    private final Spares spares;
    private final InstantSource clock;
    private final Instant began;
    private final Set<WorkspaceId> busy = ConcurrentHashMap.newKeySet();
    private volatile Runnable onResumed = () -> {};
    private final Map<String, Semaphore> starts = new ConcurrentHashMap<>();

    /// What it works with.
    ///
    /// @param platformUrl how agents on a backend reach the platform; known once the listener is open
    /// @param configuration the files that a workspace's agent is configured with
    public record Surroundings(
            Map<String, Backend> backends,
            Runtimes runtimes,
            Function<Backend, URI> platformUrl,
            Function<WorkspaceId, Map<String, String>> configuration) {
        public Surroundings {
            backends = Map.copyOf(backends);
        }
    }

    public Provisioner(
            Lives lives,
            Deaths deaths,
            Access access,
            Secrets secrets,
            Surroundings surroundings,
            Spares spares,
            InstantSource clock) {
        this.lives = lives;
        this.deaths = deaths;
        this.instances = deaths.instances();
        this.access = access;
        this.secrets = secrets;
        this.surroundings = surroundings;
        this.spares = spares;
        this.clock = clock;
        this.began = clock.instant();
    }

    /// Calls when an agent goes on that may be the one of before its rest.
    public void onResumed(Runnable listener) {
        onResumed = listener;
    }

    /// One round: takes up everything that is unsettled and not in hand, each on a thread of its own.
    public void round() {
        for (var id : instances.unsettled(clock.instant(), patienceMin(), silentSince(), BATCH)) {
            if (busy.add(id)) {
                Thread.ofVirtual().name("settle-" + id).start(() -> {
                    try {
                        settle(id);
                    } catch (RuntimeException failed) {
                        LOG.error("Settling workspace {} failed; the next round tries again", id, failed);
                    } finally {
                        busy.remove(id);
                    }
                });
            }
        }
    }

    /// Compares what the rows say runs with what the backends see: agents that are gone are started again,
    /// agents that nobody wants are stopped. What is in hand just now is left alone.
    ///
    /// @param how why an agent may be gone, for people
    public void takeStock(String how) throws BackendException {
        for (var backend : surroundings.backends().values()) {
            try {
                takeStock(backend, how);
            } catch (BackendException failed) {
                LOG.warn("{}; its agents are left as they are", failed.getMessage());
            }
        }
    }

    private void takeStock(Backend backend, String how) throws BackendException {
        var rows = instances.all();
        var running = new HashMap<WorkspaceId, Long>();
        for (var one : backend.list()) {
            running.put(one.workspace(), one.generation());
        }
        for (var instance : rows) {
            if (instance.backend().equals(backend.name()) && !busy.contains(instance.workspace())) {
                var gone = !Objects.equals(running.get(instance.workspace()), instance.generation());
                if (gone && instance.phase() != Instance.Phase.DEAD) {
                    deaths.lost(instance, how);
                }
            }
        }
        for (var seen : running.entrySet()) {
            if (!busy.contains(seen.getKey())
                    && !spares.holds(seen.getKey())
                    && instances
                            .find(seen.getKey())
                            .filter(instance -> instance.backend().equals(backend.name()))
                            .isEmpty()) {
                LOG.warn("Stopping agent of workspace {} on {}, which nobody wants", seen.getKey(), backend.name());
                backend.stop(seen.getKey());
            }
        }
    }

    /// Removes what no workspace has any more from every backend.
    public void sweep() {
        for (var backend : surroundings.backends().values()) {
            try {
                backend.sweep(id -> busy.contains(id) || spares.holds(id) ? Backend.Claim.EVERYTHING : lives.claim(id));
            } catch (BackendException failed) {
                LOG.warn("{}; the next sweep tries again", failed.getMessage());
            }
        }
    }

    /// True while no agent is being started or stopped.
    public boolean idle() {
        return busy.isEmpty();
    }

    private void settle(WorkspaceId id) {
        spares.handOver(id);
        var workspace = lives.change(id, this::due);
        var instance = instances.find(id).orElse(null);
        if (workspace.profile().external()) {
            vacate(workspace);
            return;
        }
        var backend = surroundings.backends().get(workspace.profile().backend());
        if (backend == null) {
            lives.change(
                    id,
                    found -> found.with(found.life()
                            .gaveUp("the " + found.profile().backend() + " backend is not open", clock.instant())));
            return;
        }
        try {
            if (!workspace.life().wantsAgent()) {
                stop(workspace, backend);
            } else if (!settled(workspace, instance)) {
                start(workspace, instance, backend);
            } else if (instance != null && overdue(workspace, instance)) {
                var last = backend.logTail(id, LAST_LINES);
                backend.stop(id);
                deaths.died(
                        id,
                        workspace.generation(),
                        "its agent did not register within "
                                + patience(workspace).toSeconds() + " s"
                                + (last.isEmpty() ? "" : "; last lines: " + String.join(" | ", last)));
            }
        } catch (BackendAwayException away) {
            await(id, backend, away);
        } catch (BackendException failed) {
            LOG.warn("Workspace {}: {}", id, failed.getMessage());
            deaths.died(id, workspace.generation(), String.valueOf(failed.getMessage()));
        }
    }

    /// Says, once, what is waited for; the next round tries again.
    private void await(WorkspaceId id, Backend backend, BackendAwayException away) {
        lives.change(id, found -> {
            var why = away.plainly().isEmpty() ? "" : ": " + away.plainly();
            var waiting = found.life().stepped(deaths.told(id, "waiting for the " + backend.name() + " engine" + why));
            if (!waiting.equals(found.life())) {
                LOG.warn("Workspace {}: {}; waiting for it", id, away.getMessage());
            }
            return found.with(waiting);
        });
    }

    /// True when nothing is to be started: the wanted generation runs, or it died and its back-off is not over.
    private static boolean settled(Workspace workspace, @Nullable Instance instance) {
        if (instance == null || instance.generation() < workspace.generation()) {
            return false;
        }
        return switch (instance.phase()) {
            case INTENDED -> false;
            case RUNNING -> true;
            case DEAD -> !(workspace.life() instanceof Life.Provisioning);
        };
    }

    private boolean overdue(Workspace workspace, Instance instance) {
        return workspace.life() instanceof Life.Provisioning
                && instance.phase() == Instance.Phase.RUNNING
                && !clock.instant().isBefore(instance.notBefore().plus(patience(workspace)));
    }

    /// Before when a silent agent must have been declared offline to be replaced; nobody has while this process
    /// has not itself listened long enough for a heartbeat.
    private Instant silentSince() {
        var then = clock.instant().minus(SILENCE_PATIENCE);
        return then.minus(SILENCE_PATIENCE).isBefore(began) ? Instant.EPOCH : then;
    }

    /// How long nobody needs to be looked at again after its start.
    private Duration patienceMin() {
        return surroundings.runtimes().all().stream()
                .map(runtime -> Duration.ofSeconds(runtime.readySeconds()))
                .min(Comparator.naturalOrder())
                .orElse(START_PATIENCE);
    }

    private Duration patience(Workspace workspace) {
        return surroundings
                .runtimes()
                .find(workspace.profile().runtime())
                .map(runtime -> Duration.ofSeconds(runtime.readySeconds()))
                .orElse(START_PATIENCE);
    }

    /// An agent that died and whose back-off is over is wanted anew.
    private Workspace due(Workspace found) {
        var revived = found.life().revived(clock.instant());
        return revived.equals(found.life()) ? found : found.with(revived).nextGeneration();
    }

    private void start(Workspace workspace, @Nullable Instance before, Backend backend) throws BackendException {
        var id = workspace.id();
        var fallen = before == null ? 0 : before.deaths();
        var intent = Instance.intended(id, workspace.generation(), backend.name(), fallen, clock.instant());
        instances.put(intent, clock.instant());
        lives.ranAt(id, backend.name());
        leaveOthers(id, backend);
        var order = order(workspace, backend);
        backend.fetch(order);
        var turn = starts.computeIfAbsent(backend.name(), any -> new Semaphore(backend.startsAtOnce()));
        turn.acquireUninterruptibly();
        try {
            var started = backend.start(order);
            deaths.running(intent.started(started, clock.instant()), started.region());
            if (started.resumed()) {
                onResumed.run();
            }
        } finally {
            turn.release();
        }
    }

    /// A workspace that moved is at one backend only. One that does not answer keeps nobody from moving away:
    /// its agent is superseded when the new one registers.
    private void leaveOthers(WorkspaceId id, Backend now) {
        for (var name : lives.leftAt(id, now.name())) {
            var before = surroundings.backends().get(name);
            try {
                if (before != null) {
                    before.purge(id, true);
                }
            } catch (BackendException failed) {
                LOG.warn("Workspace {} left {}, but: {}", id, name, failed.getMessage());
            }
        }
    }

    /// Its agent is somebody else's now: the one that ran here ends; what it wrote stays, for when the workspace comes
    /// back. What cannot be done now is tried again.
    private void vacate(Workspace workspace) {
        var id = workspace.id();
        var keepData = lives.claim(id) != Backend.Claim.NOTHING;
        for (var name : lives.leftAt(id, Profile.EXTERNAL)) {
            var before = surroundings.backends().get(name);
            try {
                if (before != null) {
                    before.purge(id, keepData);
                }
            } catch (BackendException failed) {
                LOG.warn("Workspace {} left {}, but: {}; trying again", id, name, failed.getMessage());
                return;
            }
        }
        if (!keepData) {
            lives.leftNothing(id);
        }
        instances.delete(id);
    }

    /// Nothing of it stays anywhere; what cannot be purged now is tried again.
    private void remove(Workspace workspace, Backend backend) throws BackendException {
        var id = workspace.id();
        var keepData = lives.claim(id) == Backend.Claim.DATA;
        for (var name : lives.leftAt(id, backend.name())) {
            var before = surroundings.backends().get(name);
            if (before != null) {
                before.purge(id, keepData);
            } else {
                LOG.warn("What workspace {} left at {} stays there, because that backend is not open", id, name);
            }
        }
        backend.purge(id, keepData);
        lives.leftNothing(id);
    }

    private StartOrder order(Workspace workspace, Backend backend) throws BackendException {
        var profile = workspace.profile();
        var values = secrets.values(workspace.id());
        var runtime = surroundings
                .runtimes()
                .find(profile.runtime())
                .orElseThrow(() -> new BackendException(
                        "Expected runtime " + profile.runtime() + ", but there is none of this name any more"));
        var missing = runtime.requiredEnv().stream()
                .filter(name -> !values.containsKey(name))
                .toList();
        if (!missing.isEmpty()) {
            throw new BackendException("Expected the secrets " + String.join(", ", missing) + " that runtime "
                    + runtime.id() + " needs; set them and restart it");
        }
        return new StartOrder(
                workspace.id(),
                workspace.generation(),
                runtime,
                profile.tier().size(),
                profile.host(),
                profile.region(),
                surroundings.platformUrl().apply(backend),
                access.newEnrolment(workspace.id()).token().reveal(),
                values,
                // Our own agents fetch theirs, and so have changes at once.
                Runtimes.OURS.contains(runtime.id())
                        ? Map.of()
                        : surroundings.configuration().apply(workspace.id()));
    }

    private void stop(Workspace workspace, Backend backend) throws BackendException {
        switch (workspace.life()) {
            case Life.Removed _ -> remove(workspace, backend);
            case Life.Paused _, Life.Hibernated _ -> backend.rest(workspace.id());
            case Life.Failed _,
                    Life.Provisioning _,
                    Life.AwaitingAgent _,
                    Life.Online _,
                    Life.Degraded _,
                    Life.Offline _ -> backend.stop(workspace.id());
        }
        instances.delete(workspace.id());
    }
}
