package ai.molecule.platform.workspace;

import ai.molecule.platform.access.Access;
import ai.molecule.platform.journal.Journal;
import ai.molecule.platform.secret.Secrets;
import ai.molecule.platform.store.Database;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.WorkspaceId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What people do with workspaces: create, look at, change, stop, start and remove them. Durable.
///
/// Nothing here talks to a backend: a use case changes the row, and the [Provisioner] makes the world follow.
public final class Workspaces {

    static final int DEPTH_MAX = 32;
    private static final Duration REPLAY_LIFE = Duration.ofHours(24);

    private final Database database;
    private final WorkspaceStore store;
    private final StayStore stays;
    private final WorkspaceFacts facts;
    private final Lives lives;
    private final Offer offer;
    private final Spares spares;
    private final Removals removals;
    private final Access access;
    private final Secrets secrets;
    private final InstantSource clock;

    public Workspaces(
            Lives lives,
            Journal journal,
            Offer offer,
            Spares spares,
            Access access,
            Secrets secrets,
            Database database,
            InstantSource clock) {
        this.lives = lives;
        this.database = database;
        this.store = new WorkspaceStore(database);
        this.stays = new StayStore(database);
        this.facts = new WorkspaceFacts(journal);
        this.offer = offer;
        this.spares = spares;
        this.removals = new Removals(lives, access, database, clock);
        this.access = access;
        this.secrets = secrets;
        this.clock = clock;
    }

    /// What a request to create came to.
    ///
    /// @param replayed true when the same request had created it before
    public record Created(Workspace workspace, boolean replayed) {}

    /// A key under which a request is carried out once, and the hash by which the same request is known again.
    public record IdempotencyKey(String key, byte[] requestHash) {}

    /// Creates a workspace, or finds the one that the same request created in the last 24 hours.
    ///
    /// @throws Refusal when runtime or backend are not to be had, the parent does not exist, or the key was
    /// used for another request
    public Created create(Draft draft, @Nullable IdempotencyKey key) {
        offer.check(draft.profile());
        offer.checkHost(draft.profile());
        return database.inTransaction(() -> {
            if (key != null) {
                var earlier = replay(key);
                if (earlier != null) {
                    return new Created(earlier, true);
                }
            }
            var made = make(draft);
            store.insert(made);
            if (key != null
                    && !store.remember(key.key(), key.requestHash(), made.id(), clock.instant(), replaysSince())) {
                throw new Refusal(
                        Refusal.Reason.CONFLICT,
                        "Expected to be first with this Idempotency-Key, but the same request is under way");
            }
            if (draft.budget() != null) {
                store.limit(made.id(), draft.budget());
            }
            draft.secrets().forEach((name, value) -> secrets.put(made.id(), name, value));
            facts.created(made);
            return new Created(made, false);
        });
    }

    /// A workspace that exists and is not removed.
    ///
    /// @throws Refusal `workspace_not_found` or `workspace_removed`
    public Workspace require(WorkspaceId id) {
        return Lives.present(store.find(id).orElseThrow(() -> Lives.notFound(id)));
    }

    /// A workspace as it is seen, not removed.
    ///
    /// @throws Refusal `workspace_not_found` or `workspace_removed`
    public Sighting sight(WorkspaceId id) {
        var sighting = store.sight(id).orElseThrow(() -> Lives.notFound(id));
        Lives.present(sighting.workspace());
        return sighting;
    }

    /// For how long it was in each state, at which backend and with which tier.
    public List<Stay> stays(WorkspaceId id) {
        return stays.of(require(id), clock.instant());
    }

    /// All that are not removed, oldest first.
    public List<Sighting> all() {
        return store.living();
    }

    /// A page of them, after a cursor that an earlier page gave.
    public List<Sighting> page(Cursor after, int limit) {
        return store.livingAfter(after.createdAt(), after.id(), limit);
    }

    /// Changes some fields.
    ///
    /// @throws Refusal when the new parent does not exist or would close a circle
    public Workspace patch(WorkspaceId id, Patch patch) {
        return database.inTransaction(() -> {
            if (patch.reparents() || patch.endsOtherwise()) {
                store.lockTree();
                var now = require(id);
                var stays = patch.expiry(now.expiresAt(), clock.instant()) == null;
                checkParent(id, patch.reparents() ? patch.parent() : now.place().parent(), !stays);
                if (!stays && store.descendants(id).stream().anyMatch(below -> below.expiresAt() == null)) {
                    throw new Refusal(
                            Refusal.Reason.INVALID_FIELD,
                            "Expected nothing that stays below an ephemeral workspace, because it would end with it");
                }
            }
            return lives.change(id, found -> {
                var old = Lives.present(found);
                var profile = patch.applyTo(old.profile());
                var moves = !profile.backend().equals(old.profile().backend());
                if (moves
                        || !profile.runtime().equals(old.profile().runtime())
                        || profile.tier() != old.profile().tier()) {
                    offer.check(profile);
                }
                if (moves || !profile.host().within(old.profile().host())) {
                    offer.checkHost(profile);
                }
                var patched = old.with(profile)
                        .with(patch.applyTo(old.place()))
                        .until(patch.expiry(old.expiresAt(), clock.instant()));
                return moves ? moved(old, patched) : patched;
            });
        });
    }

    /// Another backend starts its agent, at once where it has one; the one before is left by that start.
    /// Another place for its agent. To or from hardware that nobody here manages, another agent comes, and the one
    /// before has no right to anything any more.
    private Workspace moved(Workspace old, Workspace patched) {
        var now = clock.instant();
        var crosses = old.profile().external() != patched.profile().external();
        if (!crosses) {
            return patched.life().wantsAgent()
                    ? patched.with(patched.life().restarted(now)).nextGeneration()
                    : patched;
        }
        access.endAll(patched.id());
        Life next = patched.profile().external() ? new Life.AwaitingAgent(now) : new Life.Provisioning(now);
        return patched.with(patched.life().moved(next))
                .with(patched.guest().gone())
                .with(Whereabouts.UNKNOWN)
                .nextGeneration();
    }

    /// The workspaces whose agents the platform has started and not stopped.
    ///
    /// @param only one that is meant; null for all
    public List<WorkspaceId> running(@Nullable WorkspaceId only) {
        return store.managed(only).stream()
                .filter(workspace -> workspace.life().wantsAgent())
                .map(Workspace::id)
                .toList();
    }

    /// Asks for a new agent.
    public Workspace restart(WorkspaceId id) {
        return lives.change(id, found -> {
            var old = Lives.present(found);
            if (old.profile().external()) {
                throw new Refusal(
                        Refusal.Reason.ILLEGAL_TRANSITION,
                        "Expected a workspace whose agent the platform runs, but workspace " + id + " is external");
            }
            checkNoAncestorPaused(id);
            return old.with(old.life().restarted(clock.instant())).nextGeneration();
        });
    }

    /// Stops an agent that has nothing to do.
    ///
    /// @throws Refusal `illegal_transition` when the platform does not run it, or it is not running
    public void hibernate(WorkspaceId id) {
        lives.change(id, found -> {
            var old = Lives.present(found);
            if (old.profile().external()) {
                throw new Refusal(
                        Refusal.Reason.ILLEGAL_TRANSITION,
                        "Expected a workspace whose agent the platform runs, but workspace " + id + " is external");
            }
            return old.with(old.life().hibernated(clock.instant()));
        });
    }

    /// Has the agent of a hibernated workspace started again; any other is left alone, and one below a paused
    /// ancestor sleeps on.
    public void wake(WorkspaceId id) {
        if (store.lineage(id).stream().skip(1).noneMatch(ancestor -> ancestor.life() instanceof Life.Paused)) {
            lives.change(
                    id,
                    found -> found.life() instanceof Life.Hibernated
                            ? found.with(found.life().woken(clock.instant())).nextGeneration()
                            : found);
        }
    }

    /// Workspaces that are at work.
    ///
    /// @param activeTasks on how many tasks
    public record Busy(int activeTasks) {}

    /// Stops a workspace and everything below it.
    ///
    /// @return how many were stopped
    public int pause(WorkspaceId id) {
        return database.inTransaction(() -> {
            store.holdTeam(id);
            lives.change(id, found -> found.with(Lives.present(found).life().paused(clock.instant())));
            var stopped = 1;
            for (var below : store.descendants(id)) {
                if (!(below.life() instanceof Life.Paused)) {
                    lives.change(below.id(), found -> found.with(found.life().paused(clock.instant())));
                    stopped++;
                }
            }
            return stopped;
        });
    }

    /// Brings a paused workspace back, and everything paused below it.
    ///
    /// @return how many come back
    public int resume(WorkspaceId id) {
        return database.inTransaction(() -> {
            store.holdTeam(id);
            checkNoAncestorPaused(id);
            lives.change(id, found -> resumed(Lives.present(found)));
            var resumed = 1;
            for (var below : store.descendants(id)) {
                if (below.life() instanceof Life.Paused) {
                    lives.change(below.id(), this::resumed);
                    resumed++;
                }
            }
            return resumed;
        });
    }

    /// Removes a workspace and everything below it, for ever. Their secrets end at once; the backend follows.
    ///
    /// @param confirmed needed where there is something below
    /// @param keepData true to leave what their agents wrote into `/workspace`
    /// @return how many were removed below it
    /// @throws Refusal `confirmation_required`, with the children, when something is below and nobody confirmed
    public int remove(WorkspaceId id, boolean confirmed, boolean keepData) {
        return removals.remove(id, confirmed, keepData);
    }

    /// Its agent has left. An ephemeral workspace goes with it, any other waits for the next one.
    ///
    /// @return true when it was removed
    /// @throws Refusal `not_possible` when the platform itself runs the agent
    public boolean left(WorkspaceId id) {
        var found = require(id);
        if (removals.left(id)) {
            return true;
        }
        if (!found.profile().external()) {
            throw new Refusal(
                    Refusal.Reason.NOT_POSSIBLE,
                    "Expected an external workspace or an ephemeral one; an agent that the platform runs is stopped by it");
        }
        lives.change(id, now -> now.with(now.life().silent("its agent left", clock.instant())));
        return false;
    }

    private @Nullable Workspace replay(IdempotencyKey key) {
        var earlier = store.findReplay(key.key(), replaysSince());
        if (earlier.isEmpty()) {
            return null;
        }
        if (!Arrays.equals(earlier.get().requestHash(), key.requestHash())) {
            throw new Refusal(
                    Refusal.Reason.IDEMPOTENCY_KEY_REUSED,
                    "Expected the request that this Idempotency-Key came with first, but found another");
        }
        return store.find(earlier.get().workspace()).orElseThrow();
    }

    private Instant replaysSince() {
        return clock.instant().minus(REPLAY_LIFE);
    }

    private Workspace make(Draft draft) {
        var now = clock.instant();
        store.lockTree();
        checkParent(WorkspaceId.random(), draft.parent(), draft.ttl() != null);
        var chosen = draft.position() == null
                ? Grid.slot(draft.parent() != null, store.countChildren(draft.parent()))
                : draft.position();
        var life = draft.profile().external() ? new Life.AwaitingAgent(now) : new Life.Provisioning(now);
        return new Workspace(
                spares.take(draft.profile()).orElseGet(WorkspaceId::random),
                draft.profile(),
                new Place(draft.parent(), chosen.x(), chosen.y(), false),
                Guest.expected(draft.url()),
                Whereabouts.UNKNOWN,
                life,
                1,
                0,
                now,
                draft.ttl() == null ? null : now.plus(draft.ttl()));
    }

    private void checkParent(WorkspaceId id, @Nullable WorkspaceId parent, boolean ephemeral) {
        if (parent == null) {
            return;
        }
        var line = store.lineage(parent);
        if (line.isEmpty() || line.getFirst().life() instanceof Life.Removed) {
            throw new Refusal(
                    Refusal.Reason.INVALID_FIELD,
                    "Expected \"parent_id\" to name a workspace, but there is no " + parent);
        }
        if (!ephemeral && line.stream().anyMatch(ancestor -> ancestor.expiresAt() != null)) {
            throw new Refusal(
                    Refusal.Reason.INVALID_FIELD,
                    "Expected a parent that stays, because what is below an ephemeral workspace ends with it, but "
                            + parent + " is ephemeral");
        }
        if (line.stream().anyMatch(ancestor -> ancestor.id().equals(id))) {
            throw new Refusal(
                    Refusal.Reason.PARENT_CYCLE,
                    "Expected a parent outside the workspace's own team, but " + parent + " is in it");
        }
        if (line.size() + store.heightBelow(id) >= DEPTH_MAX) {
            throw new Refusal(
                    Refusal.Reason.INVALID_FIELD,
                    "Expected at most " + DEPTH_MAX + " levels, but the parent is on the last");
        }
    }

    private void checkNoAncestorPaused(WorkspaceId id) {
        store.lineage(id).stream()
                .skip(1)
                .filter(ancestor -> ancestor.life() instanceof Life.Paused)
                .findFirst()
                .ifPresent(paused -> {
                    throw new Refusal(
                            Refusal.Reason.ANCESTOR_PAUSED,
                            "Expected no paused ancestor, but "
                                    + paused.profile().name() + " (" + paused.id() + ") is; resume it first");
                });
    }

    private Workspace resumed(Workspace paused) {
        var now = clock.instant();
        if (!paused.profile().external()) {
            return paused.with(paused.life().resumed(new Life.Provisioning(now)))
                    .nextGeneration();
        }
        var next = paused.guest().epoch() == 0
                ? new Life.AwaitingAgent(now)
                : new Life.Offline(now, "resumed; its agent has not been heard yet");
        return paused.with(paused.life().resumed(next));
    }
}
