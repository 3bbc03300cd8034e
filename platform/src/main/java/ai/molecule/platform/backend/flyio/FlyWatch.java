package ai.molecule.platform.backend.flyio;

import ai.molecule.platform.backend.BackendException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Looks at the roll every two seconds, which is half of what Fly's rate limit leaves for listing an app.
final class FlyWatch implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(FlyWatch.class);
    private static final Duration PACE = Duration.ofSeconds(2);
    private static final Duration PACE_WHEN_AWAY = Duration.ofSeconds(10);

    /// One look.
    @FunctionalInterface
    interface Look {
        void look() throws FlyException, BackendException;
    }

    private final Look look;
    private final CountDownLatch over = new CountDownLatch(1);
    private boolean begun;

    FlyWatch(Look look) {
        this.look = look;
    }

    synchronized void begin() {
        if (!begun) {
            begun = true;
            Thread.ofVirtual().name("fly-watch").start(this::run);
        }
    }

    private void run() {
        var away = false;
        try {
            while (!over.await((away ? PACE_WHEN_AWAY : PACE).toMillis(), TimeUnit.MILLISECONDS)) {
                away = !looked(away);
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    private boolean looked(boolean away) {
        try {
            look.look();
            if (away) {
                LOG.info("Fly answers again");
            }
            return true;
        } catch (FlyException | BackendException failed) {
            if (!away) {
                LOG.warn("{}; its agents are left as they are", failed.getMessage());
            }
            return false;
        } catch (RuntimeException bug) {
            LOG.error("A look at Fly's machines failed; the next one follows", bug);
            return true;
        }
    }

    @Override
    public void close() {
        over.countDown();
    }
}
