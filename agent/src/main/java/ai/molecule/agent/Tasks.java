package ai.molecule.agent;

import ai.molecule.protocol.Message;
import ai.molecule.protocol.Task;
import ai.molecule.protocol.TaskState;
import ai.molecule.protocol.WorkspaceId;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/// The agent's tasks. Soft: they end with the process; the last ones are kept to be asked for, oldest first
/// out.
final class Tasks implements Load {

    private static final int KEPT_MAX = 2000;

    private final Engine engine;
    private final Peers peers;
    private final Map<String, TaskRun> runs = new LinkedHashMap<>();
    private final Map<Sent, TaskRun> byMessage = new HashMap<>();
    private final AtomicInteger active = new AtomicInteger();
    private final AtomicReference<String> current = new AtomicReference<>("");
    private volatile Runnable busyChanged = () -> {};
    private volatile boolean closing;

    private record Sent(String owner, String messageId) {}

    /// How a message comes to a task.
    ///
    /// @param continued true when the task waited for it
    /// @param traceparent in whose course it was sent (W3C Trace Context); empty for none
    record Turn(boolean continued, String traceparent) {}

    /// Whom an engine can ask.
    interface Peers {
        /// Sends a text to a peer and waits for its answer.
        ///
        /// @param traceparent in whose course; empty for none
        String consult(WorkspaceId peer, String text, String traceparent) throws IOException, InterruptedException;
    }

    Tasks(Engine engine, Peers peers) {
        this.engine = engine;
        this.peers = peers;
    }

    @Override
    public void onBusyChanged(Runnable listener) {
        busyChanged = listener;
    }

    @Override
    public int active() {
        return active.get();
    }

    @Override
    public String current() {
        return current.get();
    }

    @Override
    public String trouble() {
        return engine.trouble();
    }

    boolean closing() {
        return closing;
    }

    /// Makes a task for a message; [#work] sets it going, so that whoever wants to follow it misses nothing.
    TaskRun begin(Message message, String owner) {
        return begin(UUID.randomUUID().toString(), message, owner);
    }

    private TaskRun begin(String id, Message message, String owner) {
        var context = message.contextId() == null ? UUID.randomUUID().toString() : message.contextId();
        var run = new TaskRun(Task.submitted(id, context, message.in(context, id), Instant.now()), owner);
        keep(id, run);
        remember(message, owner, run);
        return run;
    }

    /// A task that waited for a message when an earlier process ended; empty where the engine knows of none.
    Optional<TaskRun> revive(Message message, String owner) {
        var id = message.taskId();
        return id != null && message.contextId() != null && engine.waits(id, message.contextId())
                ? Optional.of(begin(id, message, owner))
                : Optional.empty();
    }

    /// The task that took a message before: whoever sends one again, because the answer was lost, gets the same
    /// task.
    Optional<TaskRun> taken(Message message, String owner) {
        synchronized (runs) {
            return Optional.ofNullable(byMessage.get(new Sent(owner, message.messageId())));
        }
    }

    /// Remembers which task took a message.
    void remember(Message message, String owner, TaskRun run) {
        synchronized (runs) {
            byMessage.put(new Sent(owner, message.messageId()), run);
        }
    }

    /// The task with an id; one that the caller may not know of looks like one that does not exist.
    Optional<TaskRun> find(String id, String caller) {
        synchronized (runs) {
            return Optional.ofNullable(runs.get(id)).filter(run -> run.visibleTo(caller));
        }
    }

    /// All that are kept and that the caller may know of, newest first.
    List<Task> all(String caller) {
        synchronized (runs) {
            return new ArrayList<>(runs.values())
                    .reversed().stream()
                            .filter(run -> run.visibleTo(caller))
                            .map(TaskRun::task)
                            .toList();
        }
    }

    /// Takes nothing more, lets what runs finish for a while, then cancels the rest.
    void drain(Duration patience) {
        closing = true;
        var deadline = System.nanoTime() + patience.toNanos();
        try {
            while (active.get() > 0 && System.nanoTime() < deadline) {
                Thread.sleep(Duration.ofMillis(20));
            }
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
        synchronized (runs) {
            runs.values().forEach(TaskRun::cancel);
        }
    }

    private void keep(String id, TaskRun run) {
        synchronized (runs) {
            runs.put(id, run);
            if (runs.size() > KEPT_MAX) {
                runs.entrySet().stream()
                        .filter(entry -> entry.getValue().task().state().terminal())
                        .findFirst()
                        .map(Map.Entry::getKey)
                        .ifPresent(this::forget);
            }
        }
    }

    private void forget(String id) {
        var run = runs.remove(id);
        byMessage.values().removeIf(known -> known == run);
    }

    /// Lets the engine work on a message.
    void work(TaskRun run, Message message, Turn turn) {
        var thread = Thread.ofVirtual().name("task-" + run.task().id()).unstarted(() -> {
            current.set(message.text());
            active.incrementAndGet();
            busyChanged.run();
            var work = new RunWork(run, turn);
            try {
                run.come(TaskState.WORKING, null);
                engine.work(message.in(run.task().contextId(), run.task().id()), work);
                work.settle(TaskState.COMPLETED, null);
            } catch (InterruptedException canceled) {
                work.settle(TaskState.CANCELED, "the agent is stopping");
            } catch (Exception failed) {
                work.settle(TaskState.FAILED, String.valueOf(failed.getMessage()));
            } finally {
                if (active.decrementAndGet() == 0) {
                    current.set("");
                }
                busyChanged.run();
            }
        });
        run.workBy(thread);
        thread.start();
    }

    private final class RunWork implements Work {

        private final TaskRun run;
        private final Turn turn;
        private boolean settled;

        RunWork(TaskRun run, Turn turn) {
            this.run = run;
            this.turn = turn;
        }

        @Override
        public boolean continued() {
            return turn.continued();
        }

        @Override
        public void write(String text, boolean last) {
            run.write(text, last);
        }

        @Override
        public void retract() {
            run.retract();
        }

        @Override
        public void say(String text) {
            run.come(TaskState.WORKING, text);
        }

        @Override
        public void complete() {
            settle(TaskState.COMPLETED, null);
        }

        @Override
        public void fail(String why) {
            settle(TaskState.FAILED, why);
        }

        @Override
        public void ask(String question) {
            settle(TaskState.INPUT_REQUIRED, question);
        }

        /// Once a message: when the next one is worked on already, this one says nothing of the task anymore.
        synchronized void settle(TaskState state, @Nullable String saying) {
            if (!settled) {
                settled = true;
                run.come(state, saying);
            }
        }

        @Override
        public void used(Usage usage) {
            run.note("usage", usage.toJson());
        }

        @Override
        public String course() {
            return turn.traceparent();
        }

        @Override
        public String consult(WorkspaceId peer, String text) throws IOException, InterruptedException {
            return peers.consult(peer, text, turn.traceparent());
        }
    }
}
