package ai.molecule.platform.ledger;

import ai.molecule.protocol.Json;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The last events of one task that somebody watches.
///
/// Soft and bounded: whoever is further behind reads the ledger. All watchers see the events in one order.
final class TaskFeed {

    private static final int KEPT_MAX = 256;
    private static final int KEPT_BYTES_MAX = 256 * 1024;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition more = lock.newCondition();
    private final ArrayDeque<Kept> kept = new ArrayDeque<>(4);
    private int keptBytes;
    private long last;
    private int watchers;

    private record Kept(Numbered numbered, int bytes) {}

    /// One watcher more or less; true while there are any.
    boolean count(int change) {
        lock.lock();
        try {
            watchers += change;
            return watchers > 0;
        } finally {
            lock.unlock();
        }
    }

    /// Takes events that were just committed.
    void add(List<Numbered> events) {
        lock.lock();
        try {
            for (var numbered : events) {
                if (numbered.seq() <= last) {
                    continue;
                }
                if (numbered.seq() != last + 1) {
                    forget();
                }
                var bytes = Json.weight(numbered.event());
                kept.add(new Kept(numbered, bytes));
                keptBytes += bytes;
                last = numbered.seq();
            }
            while (kept.size() > KEPT_MAX || keptBytes > KEPT_BYTES_MAX) {
                keptBytes -= kept.removeFirst().bytes();
            }
            more.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Hears that there are events up to a number, wherever they were written.
    void reach(long seq) {
        lock.lock();
        try {
            if (seq > last) {
                forget();
                last = seq;
                more.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    private void forget() {
        kept.clear();
        keptBytes = 0;
    }

    /// The events after a number, waiting a while for the first; empty when none came, null when they must be
    /// read from the ledger.
    @Nullable
    List<Numbered> after(long seq, Duration patience) throws InterruptedException {
        lock.lock();
        try {
            var nanos = patience.toNanos();
            while (last <= seq && nanos > 0) {
                nanos = more.awaitNanos(nanos);
            }
            if (last <= seq) {
                return List.of();
            }
            if (kept.isEmpty() || kept.getFirst().numbered().seq() > seq + 1) {
                return null;
            }
            return kept.stream()
                    .map(Kept::numbered)
                    .filter(numbered -> numbered.seq() > seq)
                    .toList();
        } finally {
            lock.unlock();
        }
    }
}
