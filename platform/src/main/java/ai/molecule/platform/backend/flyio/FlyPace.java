package ai.molecule.platform.backend.flyio;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/// Keeps our calls within Fly's rate limits: one a second for each action and identifier with three at once;
/// five and ten for reading one machine. Whoever is early waits; one of those that may go at once is held back,
/// because calls overtake each other on their way. Soft.
///
/// Source: Fly's documentation of the Machines API, "Rate limits".
final class FlyPace {

    private static final int KNOWN_MAX = 20_000;

    private enum Rate {
        USUAL(Duration.ofSeconds(1), 2),
        READING(Duration.ofMillis(200), 9);

        private final long gap;
        private final int burst;

        Rate(Duration gap, int burst) {
            this.gap = gap.toNanos();
            this.burst = burst;
        }
    }

    /// By action and identifier: when the bucket was, or will be, empty of everything that was taken.
    private final Map<String, AtomicLong> debts = new ConcurrentHashMap<>();

    /// Waits for the turn of a call.
    ///
    /// @param action what is done
    /// @param identifier the machine, or the app, it is done to
    void await(String action, String identifier) {
        var rate = action.equals("get") ? Rate.READING : Rate.USUAL;
        if (debts.size() > KNOWN_MAX) {
            debts.clear();
        }
        var debt = debts.computeIfAbsent(action + " " + identifier, any -> new AtomicLong(Long.MIN_VALUE));
        var now = System.nanoTime();
        var paid = debt.updateAndGet(before -> Math.max(before, now - rate.gap * rate.burst) + rate.gap);
        for (var left = paid - System.nanoTime(); left > 0; left = paid - System.nanoTime()) {
            LockSupport.parkNanos(left);
            if (Thread.currentThread().isInterrupted()) {
                return;
            }
        }
    }
}
