package ai.molecule.agent;

import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;

/// Turns of one conversation come one after the other; those of different ones never wait for each other.
public final class Turns {

    private final ConcurrentHashMap<String, Line> lines = new ConcurrentHashMap<>();

    /// Who takes turns in one conversation.
    private static final class Line {
        private final ReentrantLock lock = new ReentrantLock(true);
        private int waiting;
    }

    /// What is done in a turn.
    public interface Step {
        void run() throws Exception;
    }

    /// Does something once the turns before it are over.
    public void one(String context, Step step) throws Exception {
        var line = lines.compute(context, (any, known) -> {
            var joined = known == null ? new Line() : known;
            joined.waiting++;
            return joined;
        });
        try {
            line.lock.lockInterruptibly();
            try {
                step.run();
            } finally {
                line.lock.unlock();
            }
        } finally {
            lines.computeIfPresent(context, (any, known) -> --known.waiting == 0 ? null : known);
        }
    }
}
