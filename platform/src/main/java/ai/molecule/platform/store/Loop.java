package ai.molecule.platform.store;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A background task that runs at its own pace, sooner when woken, until it is closed.
///
/// A round that fails is logged and tried again with the next one. Closing waits for the round that is running.
public final class Loop implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Loop.class);
    private static final Duration GOODBYE = Duration.ofSeconds(5);

    private final String name;
    private final Duration pace;
    private final Runnable round;
    private final Semaphore wake = new Semaphore(0);
    private final Thread thread;
    private volatile boolean closed;

    public Loop(String name, Duration pace, Runnable round) {
        this.name = name;
        this.pace = pace;
        this.round = round;
        this.thread = Thread.ofVirtual().name(name).unstarted(this::run);
    }

    /// Starts the rounds, the first at once.
    public void start() {
        thread.start();
    }

    /// Brings the next round forward to now.
    public void wake() {
        wake.release();
    }

    @Override
    public void close() {
        closed = true;
        wake.release();
        try {
            thread.join(GOODBYE);
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        while (!closed) {
            try {
                round.run();
            } catch (RuntimeException failed) {
                if (!closed) {
                    LOG.error("A round of {} failed; the next one follows in {}", name, pace, failed);
                }
            }
            try {
                if (wake.tryAcquire(pace.toNanos(), TimeUnit.NANOSECONDS)) {
                    wake.drainPermits();
                }
            } catch (InterruptedException stopped) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }
}
