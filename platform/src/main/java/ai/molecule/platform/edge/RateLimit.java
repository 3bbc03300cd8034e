package ai.molecule.platform.edge;

import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// Counts requests per caller in windows of a minute. Soft: the count starts anew with the process.
///
/// Heartbeats are never counted. Who shows no credential is always limited; who shows one, only where the
/// operator set `RATE_LIMIT`.
public final class RateLimit {

    static final int ANONYMOUS_PER_MINUTE = 600;
    private static final int CALLERS_MAX = 100_000;
    private static final long WINDOW_SECONDS = Duration.ofMinutes(1).toSeconds();

    private final int perMinute;
    private final InstantSource clock;
    private final Map<String, AtomicInteger> counts = new ConcurrentHashMap<>();
    private volatile long window;

    /// @param perMinute for each caller that showed a credential; 0 for no limit
    public RateLimit(int perMinute, InstantSource clock) {
        this.perMinute = perMinute;
        this.clock = clock;
    }

    /// Counts a request of somebody who showed a good credential.
    void countKnown(String caller) {
        if (perMinute > 0) {
            count("known " + caller, perMinute);
        }
    }

    /// Counts a request of somebody who showed none, or a bad one.
    void countUnknown(String address) {
        count("unknown " + address, ANONYMOUS_PER_MINUTE);
    }

    private void count(String caller, int limit) {
        var now = clock.instant().getEpochSecond() / WINDOW_SECONDS;
        if (now != window || counts.size() > CALLERS_MAX) {
            counts.clear();
            window = now;
        }
        if (counts.computeIfAbsent(caller, any -> new AtomicInteger()).incrementAndGet() > limit) {
            throw new Refusal(Reason.RATE_LIMITED, "Expected at most " + limit + " requests a minute");
        }
    }
}
