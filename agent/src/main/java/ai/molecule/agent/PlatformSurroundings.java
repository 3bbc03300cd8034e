package ai.molecule.agent;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/// Surroundings as the platform tells of them. Soft: what was asked is good for a few seconds.
final class PlatformSurroundings implements Surroundings {

    private static final Duration FRESH = Duration.ofSeconds(5);

    private final PlatformLine line;
    private final Map<String, String> environment;
    private final Supplier<Map<String, String>> secrets;
    private final ReentrantLock asking = new ReentrantLock();
    private volatile Self last = Self.UNKNOWN;
    private volatile long askedAt;
    private volatile boolean asked;

    PlatformSurroundings(PlatformLine line, Map<String, String> environment, Supplier<Map<String, String>> secrets) {
        this.line = line;
        this.environment = Map.copyOf(environment);
        this.secrets = secrets;
    }

    @Override
    public Map<String, String> values() {
        var values = new HashMap<>(environment);
        values.putAll(secrets.get());
        return values;
    }

    /// Nobody waits for an answer that somebody else waits for, unless there was none yet.
    @Override
    public Self self() {
        if (asked && System.nanoTime() - askedAt <= FRESH.toNanos()) {
            return last;
        }
        if (!asked) {
            asking.lock();
        } else if (!asking.tryLock()) {
            return last;
        }
        try {
            if (!asked || System.nanoTime() - askedAt > FRESH.toNanos()) {
                last = line.self().orElse(last);
            }
        } catch (IOException unreachable) {
            System.out.println("the platform does not say what this workspace is: " + unreachable.getMessage());
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        } finally {
            askedAt = System.nanoTime();
            asked = true;
            asking.unlock();
        }
        return last;
    }
}
