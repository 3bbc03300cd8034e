package ai.molecule.platform.workspace;

import ai.molecule.platform.access.Access;
import ai.molecule.platform.store.Attention;
import ai.molecule.platform.store.Database;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.WorkspaceId;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Removes workspaces for ever: when somebody wants it, and ephemeral ones when their time is over or their agent is
/// lost. Durable; their secrets end at once, their mail with the next look at mailboxes, and the backend follows.
public final class Removals {

    /// For how long the agent of an ephemeral workspace may be lost.
    static final Duration LOST_PATIENCE = Duration.ofSeconds(60);

    private static final Logger LOG = LoggerFactory.getLogger(Removals.class);

    private final Lives lives;
    private final WorkspaceStore store;
    private final Access access;
    private final Database database;
    private final InstantSource clock;
    private final Attention attention;

    public Removals(Lives lives, Access access, Database database, InstantSource clock) {
        this.lives = lives;
        this.store = new WorkspaceStore(database);
        this.access = access;
        this.database = database;
        this.clock = clock;
        this.attention = new Attention(clock);
    }

    /// Removes a workspace and everything below it.
    ///
    /// @throws Refusal `confirmation_required`, with the children, when something is below and nobody confirmed
    int remove(WorkspaceId id, boolean confirmed, boolean keepData) {
        return database.inTransaction(() -> {
            store.lockTree();
            Lives.present(store.find(id).orElseThrow(() -> Lives.notFound(id)));
            var below = store.descendants(id);
            if (!below.isEmpty() && !confirmed) {
                var children = below.stream()
                        .filter(one -> id.equals(one.place().parent()))
                        .toList();
                throw new Refusal(
                        Refusal.Reason.CONFIRMATION_REQUIRED,
                        "Expected confirm=true, because " + below.size()
                                + " workspaces below this one would be removed too",
                        new Children(children));
            }
            if (keepData) {
                store.keepData(id);
                below.forEach(one -> store.keepData(one.id()));
            }
            removeTeam(id, below, "");
            return below.size();
        });
    }

    /// Who is in the way of a removal.
    public record Children(List<Workspace> children) {
        public Children {
            children = List.copyOf(children);
        }
    }

    /// Removes an ephemeral workspace and what is below it, because its agent has done what it came for.
    ///
    /// @return false when it is not ephemeral, and nothing changed
    public boolean left(WorkspaceId id) {
        return end(id, found -> "its agent left");
    }

    /// One look at the ephemeral ones.
    public void round() {
        attention.begin();
        var now = clock.instant();
        // Whoever we could not hear may come back first.
        var heard = !attention.since().plus(LOST_PATIENCE).isAfter(now);
        var lostBefore = heard ? now.minus(LOST_PATIENCE) : Instant.EPOCH;
        for (var due : store.overdue(now, lostBefore)) {
            if (end(due.id(), found -> why(found, now, lostBefore))) {
                LOG.info("Removed ephemeral workspace {}", due.id());
            }
        }
        attention.end();
    }

    /// Why one has to go; empty for one that was given more time, or whose agent came back.
    private static String why(Workspace found, Instant now, Instant lostBefore) {
        var end = found.expiresAt();
        if (end != null && !end.isAfter(now)) {
            return "its time was over";
        }
        var lost = found.life() instanceof Life.Offline || found.life() instanceof Life.Failed;
        return lost && !found.life().since().isAfter(lostBefore)
                ? "its agent was lost: " + found.life().reason()
                : "";
    }

    private boolean end(WorkspaceId id, Function<Workspace, String> reason) {
        return database.inTransaction(() -> {
            store.lockTree();
            store.holdTeam(id);
            var found = store.find(id).orElseThrow(() -> Lives.notFound(id));
            if (found.expiresAt() == null || found.life() instanceof Life.Removed) {
                return false;
            }
            var why = reason.apply(found);
            if (!why.isEmpty()) {
                removeTeam(id, store.descendants(id), why);
            }
            return !why.isEmpty();
        });
    }

    private void removeTeam(WorkspaceId id, List<Workspace> below, String why) {
        store.holdTeam(id);
        below.forEach(one -> access.endAll(one.id()));
        access.endAll(id);
        below.reversed().forEach(one -> removeRow(one.id(), why));
        removeRow(id, why);
    }

    private void removeRow(WorkspaceId id, String why) {
        lives.change(id, found -> found.with(found.life().removed(why, clock.instant())));
    }
}
