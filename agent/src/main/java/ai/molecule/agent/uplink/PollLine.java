package ai.molecule.agent.uplink;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/// Frames over plain HTTP requests, one of which always waits for the platform, for where nothing else passes.
///
/// Frames have numbers, and are sent again until the other side says that it got them.
final class PollLine implements Line {

    private static final int WAIT_SECONDS = 5;
    private static final int LENGTH_AT_ONCE = 4 * 1024 * 1024;
    private static final int WAITING_MAX = 10_000;
    private static final int FAILURES_MAX = 4;
    private static final long FAILURE_PAUSE_MILLIS = 300;

    /// Sends one request.
    interface Post {
        JsonNode post(JsonNode body) throws IOException, InterruptedException;
    }

    private final Post post;
    private final Inbox inbox;
    private final String session;
    private final CompletableFuture<String> over = new CompletableFuture<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final ReentrantLock reading = new ReentrantLock();
    private final Semaphore toSend = new Semaphore(0);
    private final Deque<String> unheard = new ArrayDeque<>();
    private long first = 1;
    private long got;

    private PollLine(Post post, Inbox inbox, JsonNode begun) {
        this.post = post;
        this.inbox = inbox;
        this.session = begun.path("session").asText();
    }

    /// Begins a session.
    ///
    /// @param boot the name of this process
    static PollLine open(Post post, long epoch, String boot, Inbox inbox) throws IOException, InterruptedException {
        var begun = post.post(Json.object().put("epoch", String.valueOf(epoch)).put("boot", boot));
        var line = new PollLine(post, inbox, begun);
        line.read(begun);
        Thread.ofVirtual().name("uplink-poll").start(() -> line.run(line::waitForMore));
        Thread.ofVirtual().name("uplink-send").start(() -> line.run(line::sendWhatWaits));
        return line;
    }

    private interface Round {
        void once() throws IOException, InterruptedException;
    }

    private void run(Round round) {
        var failures = 0;
        try {
            while (!over.isDone()) {
                try {
                    round.once();
                    failures = 0;
                } catch (Uplink.RefusedException refused) {
                    over.complete(String.valueOf(refused.getMessage()));
                } catch (IOException broken) {
                    if (++failures >= FAILURES_MAX) {
                        over.complete("it broke: " + broken);
                    }
                    Thread.sleep(FAILURE_PAUSE_MILLIS * failures);
                }
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            over.complete("stopped");
        }
    }

    private void waitForMore() throws IOException, InterruptedException {
        exchange(WAIT_SECONDS);
    }

    private void sendWhatWaits() throws IOException, InterruptedException {
        if (toSend.tryAcquire(1, TimeUnit.SECONDS)) {
            toSend.drainPermits();
            do {
                exchange(0);
            } while (waiting() && !over.isDone());
        }
    }

    private boolean waiting() {
        lock.lock();
        try {
            return !unheard.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    private void exchange(int wait) throws IOException, InterruptedException {
        var body = Json.object().put("session", session).put("wait", wait);
        lock.lock();
        try {
            body.put("got", got).put("first", first);
            var frames = body.putArray("frames");
            var length = 0;
            for (var frame : unheard) {
                if (length > 0 && length + frame.length() > LENGTH_AT_ONCE) {
                    break;
                }
                frames.add(Json.trusted(frame));
                length += frame.length();
            }
        } finally {
            lock.unlock();
        }
        read(post.post(body));
    }

    /// Reads what came; what came before is left out.
    private void read(JsonNode answer) {
        reading.lock();
        try {
            lock.lock();
            try {
                while (first <= answer.path("got").asLong() && !unheard.isEmpty()) {
                    unheard.remove();
                    first++;
                }
            } finally {
                lock.unlock();
            }
            var number = answer.path("first").asLong(1);
            inbox.alive();
            for (var frame : answer.path("frames")) {
                if (number > got) {
                    inbox.frame(Json.text(frame));
                    got = number;
                }
                number++;
            }
        } finally {
            reading.unlock();
        }
    }

    @Override
    public void send(String frame) throws IOException {
        lock.lock();
        try {
            if (over.isDone() || unheard.size() >= WAITING_MAX) {
                throw new IOException("the uplink broke");
            }
            unheard.add(frame);
        } finally {
            lock.unlock();
        }
        toSend.release();
    }

    @Override
    public CompletableFuture<String> over() {
        return over;
    }

    @Override
    public void close() {
        over.complete("closed");
        toSend.release();
    }
}
