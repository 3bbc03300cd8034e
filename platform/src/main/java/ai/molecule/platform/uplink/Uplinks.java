package ai.molecule.platform.uplink;

import ai.molecule.platform.access.Access;
import ai.molecule.platform.access.Caller;
import ai.molecule.platform.registry.Heartbeats;
import ai.molecule.platform.registry.Way;
import ai.molecule.platform.store.Attention;
import ai.molecule.platform.store.Database;
import ai.molecule.platform.store.DatabaseException;
import ai.molecule.platform.store.LeaderLock;
import ai.molecule.platform.store.Notices;
import ai.molecule.platform.workspace.Life;
import ai.molecule.platform.workspace.Lives;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.UplinkFrame;
import ai.molecule.protocol.WorkspaceId;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The uplinks that end in this process, one for each agent.
///
/// Which agent has an uplink, and in which process, is durable, so that every process finds the way; the
/// connections themselves are soft. A process that is gone is known by its lock in the database.
public final class Uplinks implements AutoCloseable {

    /// After how long a silence an uplink is given up.
    public static final Duration SILENCE = Duration.ofSeconds(9);

    private static final Logger LOG = LoggerFactory.getLogger(Uplinks.class);
    private static final Duration PING_PACE = Duration.ofSeconds(4);
    /// How long an agent may have no uplink before it counts as offline, from when it was heard last.
    private static final Duration PATIENCE = Duration.ofSeconds(13);
    private static final Duration GAP = Duration.ofSeconds(3);
    private static final long HOLDERS = 7305L << 32;

    private final Lives lives;
    private final Access access;
    private final Heartbeats heartbeats;
    private final UplinkStore store;
    private final LeaderLock presence;
    private final InstantSource clock;
    private final Map<WorkspaceId, Uplink> open = new ConcurrentHashMap<>();
    private final Supplier<URI> address;
    private volatile Consumer<WorkspaceId> opened = workspace -> {};
    private volatile boolean closing;
    private final Attention attention;

    /// @param address where other processes over the same database reach this one
    public Uplinks(
            Lives lives,
            Access access,
            Heartbeats heartbeats,
            Database database,
            Supplier<URI> address,
            InstantSource clock) {
        this.address = address;
        var holder = HOLDERS + (ThreadLocalRandom.current().nextLong() & 0xffff_ffffL);
        this.lives = lives;
        this.access = access;
        this.heartbeats = heartbeats;
        this.store = new UplinkStore(database, holder);
        this.presence = new LeaderLock(database, holder);
        this.clock = clock;
        this.attention = new Attention(clock, GAP);
        presence.held();
    }

    /// Is called when an agent can be reached again.
    public void onOpen(Consumer<WorkspaceId> listener) {
        opened = listener;
    }

    /// Looks at tokens that ended.
    public void listen(Notices notices) {
        notices.on(Access.CHANNEL, this::check);
    }

    /// Takes an uplink on. The one before it of the same process of the agent is let go.
    ///
    /// @throws Refusal `identity_in_use` when another process of the agent has one; `superseded` when a newer life
    /// of the agent has
    public Uplink open(Uplink.Identity identity, Transport transport) {
        if (closing) {
            throw new Refusal(Reason.UNAVAILABLE, "Expected a platform that goes on, but it is stopping");
        }
        var id = identity.workspace();
        var made =
                new Uplink(identity, transport, beat -> heartbeats.hear(new Caller.Agent(id, identity.epoch()), beat));
        var before = new AtomicReference<Uplink>();
        open.compute(id, (any, old) -> {
            if (old != null && old.isOpen()) {
                checkMayReplace(old, identity);
            }
            before.set(old);
            return made;
        });
        var replaced = before.get();
        if (replaced != null) {
            replaced.bye("replaced", "a newer uplink of the same agent took its place");
        }
        try {
            var elsewhere = store.opened(made, Way.UPLINK + relay(id), clock.instant());
            if (elsewhere.isPresent()) {
                throw inUse(elsewhere.get());
            }
        } catch (DatabaseException | Refusal refused) {
            leave(made);
            throw refused;
        }
        var current = open.get(id);
        if (current != null && !current.equals(made) && current.isOpen()) {
            // Another one came while we wrote; what is written last must be the one that is there.
            store.opened(current, Way.UPLINK + relay(id), clock.instant());
        }
        made.trySend(new UplinkFrame.Welcome(made.session().toString(), identity.epoch(), (int)
                SILENCE.plusSeconds(3).toSeconds()));
        heard(identity);
        opened.accept(id);
        return made;
    }

    /// Whoever has an uplink is there.
    private void heard(Uplink.Identity identity) {
        lives.change(
                identity.workspace(),
                found -> found.life() instanceof Life.Offline && found.guest().epoch() == identity.epoch()
                        ? found.with(found.life().registered(clock.instant()))
                        : found);
    }

    private static void checkMayReplace(Uplink old, Uplink.Identity identity) {
        var was = old.identity();
        if (was.epoch() > identity.epoch()) {
            throw new Refusal(
                    Reason.SUPERSEDED,
                    "Expected epoch " + was.epoch() + ", but found " + identity.epoch()
                            + "; a newer agent took its place");
        }
        if (was.epoch() == identity.epoch()
                && !was.boot().equals(identity.boot())
                && old.silence().compareTo(SILENCE) < 0) {
            throw inUse(was.peer());
        }
    }

    private static Refusal inUse(String peer) {
        return new Refusal(
                Reason.IDENTITY_IN_USE,
                "Expected one agent with this token, but another one, from " + peer + ", is connected with it");
    }

    /// Where the process that holds a workspace's uplink takes calls for its agent.
    private URI relay(WorkspaceId workspace) {
        return address.get().resolve("/uplinks/" + workspace);
    }

    /// The uplink of a workspace's agent that ends here.
    public Optional<Uplink> find(WorkspaceId workspace, long epoch) {
        return Optional.ofNullable(open.get(workspace))
                .filter(uplink -> uplink.identity().epoch() == epoch && uplink.isOpen());
    }

    /// The uplink of a workspace's agent that ends here, whichever life of it.
    public Optional<Uplink> find(WorkspaceId workspace) {
        return Optional.ofNullable(open.get(workspace)).filter(Uplink::isOpen);
    }

    /// What is known of a workspace's last uplink.
    public Optional<Known> known(WorkspaceId workspace) {
        return store.find(workspace)
                .map(kept -> new Known(kept.kind(), kept.peer(), kept.open(), kept.openedAt(), kept.why()));
    }

    /// A workspace's last uplink.
    ///
    /// @param kind `socket` or `poll`
    /// @param why why it was closed; empty while it is open
    public record Known(String kind, String peer, boolean open, Instant openedAt, String why) {}

    /// An uplink ended.
    public void leave(Uplink uplink) {
        uplink.close("the connection was closed");
        try {
            store.closed(uplink, clock.instant().minus(uplink.silence()));
            if (open.remove(uplink.identity().workspace(), uplink)) {
                LOG.info("Uplink of workspace {} ended: {}", uplink.identity().workspace(), uplink.why());
            }
        } catch (DatabaseException away) {
            LOG.warn("The end of an uplink cannot be written ({}); the next look tries again", away.getMessage());
        }
    }

    /// One look at all of them: a sign of life where it was silent, an end where it was silent for too long; and
    /// whoever has had none for too long is offline.
    public void look() {
        var now = clock.instant();
        if (!attention.begin()) {
            // We did not listen: nobody could be heard.
            open.values().forEach(Uplink::alive);
        }
        for (var uplink : open.values()) {
            if (!uplink.isOpen()) {
                leave(uplink);
            } else if (uplink.stuck().compareTo(SILENCE) > 0) {
                uplink.close("it took nothing for " + SILENCE.toSeconds() + " s");
                leave(uplink);
            } else if (access.expired(uplink.identity().bearer())) {
                Thread.ofVirtual().name("check").start(() -> check(uplink));
            } else if (uplink.silence().compareTo(SILENCE) > 0) {
                uplink.close("nothing was heard for " + SILENCE.toSeconds() + " s");
                leave(uplink);
            } else if (uplink.silence().compareTo(PING_PACE) > 0) {
                Thread.ofVirtual().name("ping").start(uplink::ping);
            }
        }
        if (!presence.held()) {
            // Without our lock others take our uplinks for orphans; so nobody is judged before we have it again.
            return;
        }
        store.closeOrphans(now);
        store.closedByOthers().forEach(this::reopened);
        if (attention.since().plus(PATIENCE).isBefore(now)) {
            for (var lost : store.lost(now.minus(PATIENCE))) {
                var why = lost.why().isEmpty() ? "it opened none" : lost.why();
                lives.change(lost.workspace(), found -> found.with(found.life().silent("no uplink: " + why, now)));
            }
        }
        attention.end();
    }

    /// Writes down again where an uplink ends that another process took for an orphan.
    private void reopened(WorkspaceId workspace) {
        var uplink = open.get(workspace);
        if (uplink != null && uplink.isOpen()) {
            store.opened(uplink, Way.UPLINK + relay(workspace), clock.instant());
            opened.accept(workspace);
        }
    }

    /// Looks again at the tokens of a workspace's agent, or of all.
    private void check(String workspace) {
        for (var uplink : List.copyOf(open.values())) {
            var identity = uplink.identity();
            if (workspace.isEmpty() || identity.workspace().toString().equals(workspace)) {
                Thread.ofVirtual().name("check").start(() -> check(uplink));
            }
        }
    }

    private void check(Uplink uplink) {
        var identity = uplink.identity();
        try {
            if (access.identify(identity.bearer()) instanceof Caller.Agent(var workspace, var epoch)
                    && workspace.equals(identity.workspace())
                    && epoch <= identity.epoch()) {
                return;
            }
            uplink.bye("superseded", "a newer agent took its place");
        } catch (Refusal ended) {
            uplink.bye(ended.reason().code(), String.valueOf(ended.getMessage()));
        }
        leave(uplink);
    }

    /// Tells the agent of a workspace, or every agent, that something changed.
    ///
    /// @param workspace empty for everybody
    public void notice(String workspace, String what) {
        for (var uplink : open.values()) {
            if (workspace.isEmpty() || uplink.identity().workspace().toString().equals(workspace)) {
                Thread.ofVirtual().name("notice").start(() -> uplink.trySend(new UplinkFrame.Notice(what)));
            }
        }
    }

    /// Tells the agent of a workspace that somebody paused it or let it go on. In the latter case it is there, as
    /// its uplink shows.
    ///
    /// @param workspace empty for everybody
    public void paused(String workspace) {
        notice(workspace, UplinkFrame.Notice.STATE);
        WorkspaceId.parse(workspace)
                .flatMap(this::find)
                .ifPresent(uplink -> Thread.ofVirtual().name("resumed").start(() -> heard(uplink.identity())));
    }

    /// Says goodbye to everybody; agents come back to whoever comes next.
    @Override
    public void close() {
        closing = true;
        for (var uplink : List.copyOf(open.values())) {
            uplink.bye("stopping", "the platform stops");
            leave(uplink);
        }
        presence.close();
    }
}
