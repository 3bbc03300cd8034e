package ai.molecule.platform.uplink;

import ai.molecule.protocol.UplinkFrame;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// Frames that wait for an agent that asks for them, because nothing between it and us lets a WebSocket through.
///
/// A frame stays until the agent says that it got it, so that an answer that is lost loses nothing.
final class PollTransport implements Transport {

    private static final int WAITING_MAX = 4096;
    private static final int LENGTH_AT_ONCE = 4 * 1024 * 1024;
    private static final long LENGTH_MAX = 2L * UplinkFrame.LENGTH_MAX;

    private final Deque<String> waiting = new ArrayDeque<>();
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private long first = 1;
    private long length;
    private boolean closed;

    /// What an agent gets.
    ///
    /// @param first the number of the first frame
    record Taken(long first, List<String> frames, boolean closed) {
        Taken {
            frames = List.copyOf(frames);
        }
    }

    @Override
    public String kind() {
        return "poll";
    }

    @Override
    public void send(String frame) throws BrokenException {
        lock.lock();
        try {
            if (closed || waiting.size() >= WAITING_MAX || length + frame.length() > LENGTH_MAX) {
                throw new BrokenException(
                        "too much waits to be fetched", new IllegalStateException("closed: " + closed));
            }
            waiting.add(frame);
            length += frame.length();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Gives what waits, waiting for it, and forgets what the agent got.
    ///
    /// @param got the number of the last frame that the agent got
    Taken take(long got, Duration patience) throws InterruptedException {
        lock.lock();
        try {
            while (first <= got && !waiting.isEmpty()) {
                length -= waiting.remove().length();
                first++;
            }
            var left = patience.toNanos();
            while (waiting.isEmpty() && !closed && left > 0) {
                left = changed.awaitNanos(left);
            }
            var frames = new ArrayList<String>();
            var taken = 0;
            for (var frame : waiting) {
                if (!frames.isEmpty() && taken + frame.length() > LENGTH_AT_ONCE) {
                    break;
                }
                frames.add(frame);
                taken += frame.length();
            }
            return new Taken(first, frames, closed);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void ping() {
        // The agent asks again by itself; its questions are its signs of life, and our answers ours.
    }

    @Override
    public void cut() {
        lock.lock();
        try {
            closed = true;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
