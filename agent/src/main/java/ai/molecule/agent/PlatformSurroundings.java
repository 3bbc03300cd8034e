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
    private Self last = Self.UNKNOWN;
    private long askedAt;
    private boolean asked;

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

    @Override
    public Self self() {
        asking.lock();
        try {
            if (!asked || System.nanoTime() - askedAt > FRESH.toNanos()) {
                last = line.self().orElse(last);
                asked = true;
                askedAt = System.nanoTime();
            }
        } catch (IOException unreachable) {
            System.out.println("the platform does not say what this workspace is: " + unreachable.getMessage());
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        } finally {
            asking.unlock();
        }
        return last;
    }
}
