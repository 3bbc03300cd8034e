package ai.molecule.agent;

import ai.molecule.protocol.StreamEvent;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Somebody who follows a task. Bounded: one who falls too far behind is dropped, and may follow anew.
final class Follower implements AutoCloseable {

    private static final int WAITING_MAX = 10_000;

    private final BlockingQueue<StreamEvent> events = new ArrayBlockingQueue<>(WAITING_MAX);
    private final TaskRun run;
    private volatile boolean dropped;

    Follower(StreamEvent first, TaskRun run) {
        this.run = run;
        events.add(first);
    }

    /// Hands an event over; false when there was no room and the follower is dropped.
    boolean offer(StreamEvent event) {
        dropped = !events.offer(event);
        return !dropped;
    }

    /// The next event, or null after the patience; also null once dropped and emptied.
    @Nullable
    StreamEvent next(Duration patience) throws InterruptedException {
        return dropped ? events.poll() : events.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
    }

    boolean ended() {
        return dropped && events.isEmpty();
    }

    @Override
    public void close() {
        run.leave(this);
    }
}
