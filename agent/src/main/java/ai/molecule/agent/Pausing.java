package ai.molecule.agent;

import java.io.IOException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/// Whether somebody paused the agent's workspace: asked when the platform says that this changed. While it is, no
/// message comes. Soft.
final class Pausing {

    private final PlatformLine line;
    private final ReentrantLock asking = new ReentrantLock();
    private volatile boolean paused;
    private volatile Consumer<Boolean> listener = now -> {};

    Pausing(PlatformLine line) {
        this.line = line;
    }

    boolean paused() {
        return paused;
    }

    void onChange(Consumer<Boolean> other) {
        listener = other;
    }

    /// Asks how it is; what is known stays where nobody answers.
    void refresh() {
        asking.lock();
        try {
            var now = line.paused();
            if (now != paused) {
                paused = now;
                System.out.println(now ? "paused: no messages come until somebody resumes it" : "resumed");
                listener.accept(now);
            }
        } catch (IOException unreachable) {
            System.out.println("the state cannot be asked for: " + unreachable.getMessage());
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        } finally {
            asking.unlock();
        }
    }
}
