package ai.molecule.fly;

import ai.molecule.fly.Runner.Exit;
import ai.molecule.protocol.Json;
import java.io.IOException;
import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Moves machines from state to state: what was ordered at once, and what follows after its time.
///
/// An order raises the machine's turn; a step of an earlier one is passed over. Called under the world's lock.
final class Clockwork {

    private static final Duration BACK_OFF = Duration.ofMillis(100);
    private static final int RETRIES_MAX = 10;
    private static final int SUSPENDED_MEMORY_MAX = 2048;

    private final World world;
    private final Boots boots;

    Clockwork(World world, Boots boots) {
        this.world = world;
        this.boots = boots;
    }

    /// A step on the way to a state, without the lock.
    @FunctionalInterface
    private interface Step {
        void take() throws IOException;
    }

    void launch(Machine machine, boolean thenStart) {
        machine.enter("created", "launch", "user", world.now());
        if (thenStart) {
            var turn = ++machine.turn;
            later(machine, turn, world.timings().create(), () -> {}, () -> boot(machine, "start", true));
        }
    }

    /// Starts or resumes.
    ///
    /// @throws Refusal 412 or 409 when it cannot be now
    void start(Machine machine) {
        switch (machine.state) {
            case "started" -> {}
            case "starting", "restarting" -> throw Refusal.precondition("machine still attempting to start");
            case "replacing" -> throw Refusal.precondition("machine getting replaced, refusing to start");
            case "created", "stopped", "suspended", "failed" -> {
                if (world.now().isBefore(machine.settledAt)) {
                    throw Refusal.precondition("machine still active, refusing to start");
                }
                if (world.faults().hostFull(machine.id)) {
                    throw Refusal.aborted(
                            "could not reserve resource for machine: insufficient memory available to fulfill request on the current host");
                }
                machine.restarts = 0;
                var cold = !machine.state.equals("suspended") || world.faults().losesSnapshot(machine.id);
                boot(machine, "start", cold);
            }
            default ->
                throw Refusal.precondition("unable to start machine from current state: '" + machine.state + "'");
        }
    }

    private void boot(Machine machine, String type, boolean cold) {
        machine.enter("starting", type, "user", world.now());
        var turn = ++machine.turn;
        var life = cold ? ++machine.boots : machine.boots;
        var takes = cold ? world.timings().start() : world.timings().resume();
        later(
                machine,
                turn,
                takes,
                () -> {
                    if (cold) {
                        boots.boot(machine, exit -> ended(machine, life, exit));
                    } else {
                        world.runner().thaw(machine.id);
                    }
                },
                () -> {
                    machine.enter("started", "start", "flyd", world.now());
                    boots.probe(machine, life);
                });
    }

    void stop(Machine machine, @Nullable String signal, @Nullable Duration patience) {
        if (machine.state.equals("stopped")) {
            return;
        }
        if (machine.state.equals("replacing")) {
            throw Refusal.precondition("machine getting replaced, refusing to stop");
        }
        machine.enter("stopping", "stop", "user", world.now());
        var turn = ++machine.turn;
        later(machine, turn, Duration.ZERO, () -> boots.end(machine, signal, patience), () -> {
            exited(machine, new Exit(0, 0, false), true, false, "stopped");
            later(machine, turn, world.timings().stop(), () -> {}, () -> rest(machine, "stopped", "exit"));
        });
    }

    void suspend(Machine machine) {
        if (machine.state.equals("suspended") || machine.state.equals("suspending")) {
            return;
        }
        if (!machine.state.equals("started")) {
            throw Refusal.precondition("unable to suspend machine from current state: '" + machine.state + "'");
        }
        if (machine.memoryMegabytes() > SUSPENDED_MEMORY_MAX) {
            throw Refusal.precondition("unable to suspend machine with more than 2048 MB of memory");
        }
        machine.enter("suspending", "suspend", "user", world.now());
        var turn = ++machine.turn;
        later(
                machine,
                turn,
                world.timings().suspend(),
                () -> world.runner().freeze(machine.id),
                () -> rest(machine, "suspended", "suspend"));
    }

    void restart(Machine machine, @Nullable String signal, @Nullable Duration patience) {
        if (!machine.state.equals("started")) {
            throw Refusal.precondition("unable to restart machine from current state: '" + machine.state + "'");
        }
        machine.enter("restarting", "restart", "user", world.now());
        var turn = ++machine.turn;
        later(
                machine,
                turn,
                world.timings().stop(),
                () -> boots.end(machine, signal, patience),
                () -> boot(machine, "restart", true));
    }

    /// Gives a machine another version of itself.
    void replace(Machine machine, boolean launch) {
        var ran = machine.state.equals("started") || machine.state.equals("starting");
        machine.enter("replacing", "update", "user", world.now());
        machine.restarts = 0;
        var turn = ++machine.turn;
        later(machine, turn, world.timings().stop(), () -> boots.end(machine, null, null), () -> {
            if (launch && ran) {
                boot(machine, "update", true);
            } else {
                rest(machine, "stopped", "update");
            }
        });
    }

    void destroy(Machine machine, boolean force) {
        if (!force && !Machine.AT_REST.contains(machine.state)) {
            throw Refusal.precondition(
                    "unable to destroy machine, not currently stopped, suspended, failed or created");
        }
        machine.enter("destroying", "destroy", "user", world.now());
        var turn = ++machine.turn;
        later(machine, turn, world.timings().destroy(), () -> boots.bury(machine), () -> {
            machine.enter("destroyed", "destroy", "flyd", world.now());
            machine.app.machines.remove(machine.id);
            machine.app.destroyed.put(machine.id, machine);
            machine.app.volumes.values().stream()
                    .filter(volume ->
                            volume.path("attached_machine_id").asText().equals(machine.id))
                    .forEach(volume -> volume.remove("attached_machine_id"));
        });
    }

    private void rest(Machine machine, String state, String type) {
        machine.enter(state, type, "flyd", world.now());
        machine.settledAt = world.now().plus(world.timings().settle());
        machine.checks.clear();
    }

    /// A process ended by itself.
    void ended(Machine machine, long life, Exit exit) {
        world.locked(() -> {
            if (machine.boots != life || !machine.state.equals("started")) {
                return;
            }
            var restart = machine.config.path("restart");
            var policy = restart.path("policy").asText("on-failure");
            var again = machine.restarts < restart.path("max_retries").asInt(RETRIES_MAX)
                    && (policy.equals("always") || (policy.equals("on-failure") && exit.code() != 0));
            exited(machine, exit, false, again, again ? "starting" : "stopped");
            if (again) {
                machine.restarts++;
                machine.state = "starting";
                var turn = ++machine.turn;
                var pause = BACK_OFF.multipliedBy(1L << Math.min(machine.restarts, 6));
                later(machine, turn, pause, () -> {}, () -> boot(machine, "restart", true));
            } else {
                machine.turn++;
                machine.state = "stopped";
                machine.settledAt = world.now().plus(world.timings().settle());
                machine.checks.clear();
                if (machine.config.path("auto_destroy").asBoolean()) {
                    destroy(machine, true);
                }
            }
        });
    }

    private void exited(Machine machine, Exit exit, boolean requested, boolean restarting, String status) {
        var event = machine.tell(status, "exit", requested ? "user" : "flyd", world.now());
        var request = event.putObject("request");
        request.put("restart_count", machine.restarts);
        request.set(
                "exit_event",
                Json.object()
                        .put("exit_code", exit.code())
                        .put("guest_exit_code", exit.code())
                        .put("guest_signal", exit.signal())
                        .put("signal", exit.signal() == 0 ? -1 : exit.signal())
                        .put("oom_killed", exit.outOfMemory())
                        .put("requested_stop", requested)
                        .put("restarting", restarting)
                        .put("exited_at", world.now().toString()));
    }

    /// Waits, acts without the lock, and goes on with it, unless something else was ordered meanwhile.
    private void later(Machine machine, long turn, Duration after, Step act, Runnable then) {
        Thread.ofVirtual().name("machine-" + machine.id).start(() -> {
            if (!world.pause(after)) {
                return;
            }
            machine.hands.lock();
            try {
                BooleanSupplier still = () -> world.asked(() -> machine.turn == turn);
                if (!still.getAsBoolean()) {
                    return;
                }
                act.take();
                world.locked(() -> {
                    if (machine.turn == turn) {
                        then.run();
                    }
                });
            } catch (IOException failed) {
                world.locked(() -> {
                    if (machine.turn == turn) {
                        machine.enter("failed", "launch", "flyd", world.now())
                                .putObject("request")
                                .put("error", String.valueOf(failed.getMessage()));
                    }
                });
            } finally {
                machine.hands.unlock();
            }
        });
    }
}
