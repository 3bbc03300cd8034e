package ai.molecule.platform.backend.docker;

import com.github.dockerjava.api.async.ResultCallback;
import com.github.dockerjava.api.model.Event;
import com.github.dockerjava.api.model.EventType;
import java.io.Closeable;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Follows the engine's events about our containers, for as long as it is open.
///
/// The engine keeps the last 256 events of everything, and none over its own restart: so nothing is asked for
/// that happened before. Each time the stream is there again, whoever listens is told to look for himself, and
/// then hears what happens after.
final class EventWatch implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EventWatch.class);
    private static final Duration PAUSE_FIRST = Duration.ofMillis(100);
    private static final Duration PAUSE_MAX = Duration.ofSeconds(5);

    private final Engine engine;
    private final Labels labels;
    private final Runnable again;
    private final Consumer<Event> listener;
    private final Thread thread;
    private volatile boolean closed;
    private volatile @Nullable Stream stream;

    /// Begins to follow.
    ///
    /// @param again told whenever events may have been missed; events after it are not
    EventWatch(Engine engine, Labels labels, Runnable again, Consumer<Event> listener) {
        this.engine = engine;
        this.labels = labels;
        this.again = again;
        this.listener = listener;
        this.thread = Thread.ofVirtual().name("docker-events").start(this::follow);
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        end(stream);
    }

    private void follow() {
        var pause = PAUSE_FIRST;
        while (!closed) {
            var began = System.nanoTime();
            try {
                listen();
            } catch (InterruptedException stopping) {
                return;
            } catch (RuntimeException broken) {
                LOG.debug("The engine's events broke off", broken);
            }
            if (closed) {
                return;
            }
            var lived = Duration.ofNanos(System.nanoTime() - began);
            pause = lived.compareTo(PAUSE_MAX) > 0 ? PAUSE_FIRST : pause.multipliedBy(2);
            pause = pause.compareTo(PAUSE_MAX) > 0 ? PAUSE_MAX : pause;
            LOG.info("The Docker engine's events ended; listening again in {} ms", pause.toMillis());
            try {
                TimeUnit.NANOSECONDS.sleep(
                        pause.toNanos() / 2 + ThreadLocalRandom.current().nextLong(pause.toNanos() / 2));
            } catch (InterruptedException stopping) {
                return;
            }
        }
    }

    private void listen() throws InterruptedException {
        var next = new Stream();
        stream = next;
        try {
            engine.client()
                    .eventsCmd()
                    .withEventTypeFilter(EventType.CONTAINER)
                    .withEventFilter("die", "health_status")
                    .withLabelFilter(labels.ours())
                    .exec(next);
            if (next.begins()) {
                again.run();
                next.awaitCompletion();
            }
        } finally {
            end(next);
        }
    }

    private static void end(@Nullable Stream stream) {
        if (stream != null) {
            try {
                stream.close();
            } catch (java.io.IOException alreadyEnded) {
                LOG.debug("An event stream closed badly", alreadyEnded);
            }
        }
    }

    private final class Stream extends ResultCallback.Adapter<Event> {

        private final CountDownLatch known = new CountDownLatch(1);
        private volatile boolean began;

        /// Waits until the stream is there, or is known not to come about, which the library's own waiting does
        /// not notice.
        boolean begins() throws InterruptedException {
            known.await();
            return began;
        }

        @Override
        public void onStart(Closeable stream) {
            super.onStart(stream);
            began = true;
            known.countDown();
        }

        @Override
        public void onError(Throwable failure) {
            known.countDown();
            super.onError(failure);
        }

        @Override
        public void onComplete() {
            known.countDown();
            super.onComplete();
        }

        @Override
        public void onNext(Event event) {
            try {
                listener.accept(event);
            } catch (RuntimeException failed) {
                LOG.error("An event of the Docker engine could not be handled; the next look finds it", failed);
            }
        }
    }
}
