package ai.molecule.platform.live;

import ai.molecule.platform.journal.Journal;
import ai.molecule.platform.ledger.Board;
import ai.molecule.platform.store.Database;
import ai.molecule.platform.store.Notices;
import ai.molecule.platform.workspace.Sighting;
import ai.molecule.platform.workspace.Workspaces;
import ai.molecule.protocol.Json;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Follows the journal and keeps its last frames at hand for all viewers.
///
/// Soft: everything here can be read again from the journal. A viewer that falls further behind than what is
/// kept is cut off; it comes back with the number it saw last and loses nothing.
public final class Feed {

    static final int KEPT = 8192;
    static final int CATCH_UP_MAX = 5000;
    private static final int BATCH = 500;
    private static final long KEPT_CHARS = 32L * 1024 * 1024;

    private final Journal journal;
    private final Workspaces workspaces;
    private final Board board;
    private final Database database;
    private final InstantSource clock;
    private final ArrayDeque<Frame> kept = new ArrayDeque<>();
    private final Set<Viewing> viewings = ConcurrentHashMap.newKeySet();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition more = lock.newCondition();
    private long keptChars;
    private long last;
    private Moving moving = new Moving(0, "");

    public Feed(Journal journal, Workspaces workspaces, Board board, Database database, InstantSource clock) {
        this.journal = journal;
        this.workspaces = workspaces;
        this.board = board;
        this.database = database;
        this.clock = clock;
        this.last = journal.last();
    }

    /// Follows the journal from now on.
    public void listen(Notices notices) {
        notices.on(Journal.CHANNEL, any -> follow());
    }

    /// Begins to show facts to a viewer, on a thread of its own.
    ///
    /// @param since the last number the viewer saw; null for one that saw nothing, or with a number too old to
    /// catch up from
    public Viewing view(Viewer viewer, @Nullable Long since) {
        var viewing = new Viewing(this, viewer, since);
        viewings.add(viewing);
        viewing.start();
        return viewing;
    }

    /// How many are looking.
    public int viewers() {
        return viewings.size();
    }

    /// Reads what was committed since the last time; called by one thread only.
    void follow() {
        for (var facts = journal.after(last, BATCH); !facts.isEmpty(); facts = journal.after(last, BATCH)) {
            var frames = facts.stream().map(Frame::of).toList();
            lock.lock();
            try {
                for (var frame : frames) {
                    kept.add(frame);
                    keptChars += frame.size();
                }
                while (kept.size() > KEPT || keptChars > KEPT_CHARS) {
                    keptChars -= kept.removeFirst().size();
                }
                last = frames.getLast().seq();
                more.signalAll();
            } finally {
                lock.unlock();
            }
            var oldest = frames.getLast().seq() - KEPT;
            viewings.forEach(viewing -> viewing.cutIfBehind(oldest));
        }
    }

    /// Looks at what is on its way, while somebody is looking, and tells the operators when it changed. No
    /// fact: who missed one gets the next.
    public void lookAtTraffic() {
        if (viewings.isEmpty()) {
            return;
        }
        var payload = board.traffic().toJson();
        lock.lock();
        try {
            if (!payload.toString().equals(moving.payload())) {
                moving = new Moving(moving.version() + 1, payload.toString());
                more.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /// What is on its way, as last looked at.
    ///
    /// @param version counts the changes
    record Moving(long version, String payload) {}

    Moving moving() {
        lock.lock();
        try {
            return moving;
        } finally {
            lock.unlock();
        }
    }

    /// The frame that tells what is on its way.
    String frame(Moving what, long seq) {
        var frame = Json.object()
                .put("event", "TRAFFIC")
                .put("workspace_id", "")
                .put("timestamp", clock.instant().toString())
                .put("seq", seq);
        frame.set("payload", Json.trusted(what.payload()));
        return Json.text(frame);
    }

    /// The frames after a number, waiting a while for the first; empty when none came or something else is new,
    /// null when they are no longer at hand.
    ///
    /// @param seen the version of what is on its way that the viewer saw last
    @Nullable
    List<Frame> after(long seq, long seen, Duration patience) throws InterruptedException {
        lock.lock();
        try {
            var nanos = patience.toNanos();
            while (last <= seq && moving.version() == seen && nanos > 0) {
                nanos = more.awaitNanos(nanos);
            }
            if (last <= seq) {
                return List.of();
            }
            if (kept.isEmpty() || kept.getFirst().seq() > seq + 1) {
                return null;
            }
            return kept.stream()
                    .skip(seq + 1 - kept.getFirst().seq())
                    .limit(BATCH)
                    .toList();
        } finally {
            lock.unlock();
        }
    }

    /// Facts older than what is at hand, straight from the journal.
    List<Frame> older(long seq) {
        return journal.after(seq, BATCH).stream().map(Frame::of).toList();
    }

    /// True when a viewer that saw this number can be brought up to date fact by fact.
    boolean canCatchUp(long seq) {
        var now = journal.last();
        return seq <= now && now - seq <= CATCH_UP_MAX;
    }

    /// Everything as of one number.
    Snapshot snapshot(Viewer viewer) {
        return database.inSnapshot(() -> {
            var seq = journal.last();
            var list = Json.array();
            for (Sighting sighting : workspaces.all()) {
                if (viewer.sees(sighting.workspace().id())) {
                    var json = sighting.toJson();
                    if (!viewer.operator()) {
                        json.remove(Sighting.OPERATORS_ONLY);
                    }
                    list.add(json);
                }
            }
            var frame = Json.object()
                    .put("event", "SNAPSHOT")
                    .put("workspace_id", "")
                    .put("timestamp", clock.instant().toString())
                    .put("seq", seq);
            frame.putObject("payload").set("workspaces", list);
            return new Snapshot(seq, Json.text(frame));
        });
    }

    void forget(Viewing viewing) {
        viewings.remove(viewing);
    }

    record Snapshot(long seq, String text) {}
}
