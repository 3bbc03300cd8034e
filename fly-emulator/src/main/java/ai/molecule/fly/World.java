package ai.molecule.fly;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// Everything there is: apps and what is in them, behind one lock. Soft, as an emulator may be.
final class World {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final InstantSource clock;
    private final Timings timings;
    private final Faults faults;
    private final Runner runner;
    private volatile boolean closed;

    /// Apps by name; read and written under the lock.
    final Map<String, App> apps = new LinkedHashMap<>();

    World(InstantSource clock, Timings timings, Faults faults, Runner runner) {
        this.clock = clock;
        this.timings = timings;
        this.faults = faults;
        this.runner = runner;
    }

    Instant now() {
        return clock.instant();
    }

    Timings timings() {
        return timings;
    }

    Faults faults() {
        return faults;
    }

    Runner runner() {
        return runner;
    }

    /// Does something under the lock, and wakes whoever waits for a state.
    void locked(Runnable act) {
        asked(() -> {
            act.run();
            return true;
        });
    }

    <T> T asked(Supplier<T> question) {
        lock.lock();
        try {
            return question.get();
        } finally {
            changed.signalAll();
            lock.unlock();
        }
    }

    /// Waits until something is so; called without the lock, asks with it.
    ///
    /// @return false when it is not so after all that time
    boolean await(BooleanSupplier so, Duration patience) throws InterruptedException {
        var left = patience.toNanos();
        lock.lock();
        try {
            while (!so.getAsBoolean()) {
                if (left <= 0 || closed) {
                    return false;
                }
                left = changed.awaitNanos(left);
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// Lets time pass; false when the world ended meanwhile.
    boolean pause(Duration time) {
        try {
            TimeUnit.NANOSECONDS.sleep(time.toNanos());
        } catch (InterruptedException ended) {
            Thread.currentThread().interrupt();
            return false;
        }
        return !closed;
    }

    void close() {
        closed = true;
        locked(() -> {});
    }

    /// @throws Refusal 404 when there is no such app
    App app(String name) {
        var app = apps.get(name);
        if (app == null) {
            throw new Refusal(404, "not_found: Could not find App \"" + name + "\"");
        }
        return app;
    }

    /// @throws Refusal 404 when there is no such machine, or none any more
    Machine machine(String appName, String id) {
        var machine = app(appName).machines.get(id);
        if (machine == null) {
            throw Refusal.noMachine();
        }
        return machine;
    }
}
