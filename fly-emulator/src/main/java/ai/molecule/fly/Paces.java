package ai.molecule.fly;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// Rate limits: one call a second for each action and identifier, three at once; five and ten for reading one
/// machine. Soft.
///
/// Source: Fly's documentation of the Machines API, "Rate limits".
final class Paces {

    private record Rate(double perSecond, double burst) {}

    private static final Rate USUAL = new Rate(1, 3);
    private static final Rate READING = new Rate(5, 10);

    private record Bucket(double tokens, Instant filled) {}

    private final InstantSource clock;
    private final Map<String, Bucket> buckets = new ConcurrentHashMap<>();

    Paces(InstantSource clock) {
        this.clock = clock;
    }

    /// Takes a call into account.
    ///
    /// @throws Refusal 429 when there were too many
    void take(Operation operation, String identifier) {
        var rate = operation == Operation.GET_MACHINE ? READING : USUAL;
        var now = clock.instant();
        var allowed = new boolean[1];
        buckets.compute(operation + " " + identifier, (key, old) -> {
            var filled = old == null ? new Bucket(rate.burst(), now) : refilled(old, rate, now);
            allowed[0] = filled.tokens() >= 1;
            return allowed[0] ? new Bucket(filled.tokens() - 1, now) : filled;
        });
        if (!allowed[0]) {
            throw new Refusal(429, "rate limit exceeded");
        }
    }

    private static Bucket refilled(Bucket old, Rate rate, Instant now) {
        var seconds = Duration.between(old.filled(), now).toNanos() / 1e9;
        return new Bucket(Math.min(rate.burst(), old.tokens() + seconds * rate.perSecond()), now);
    }
}
