package ai.molecule.agent;

import ai.molecule.protocol.Message;
import ai.molecule.protocol.StreamEvent;
import ai.molecule.protocol.Task;
import ai.molecule.protocol.TaskState;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// One task as it runs: its value, who follows it, and the thread that works on it. A terminal task never changes
/// again.
final class TaskRun {

    private static final String ARTIFACT_ID = "answer";

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final List<Follower> followers = new ArrayList<>();
    private final String owner;
    private Task task;
    private boolean retracted;
    private @Nullable Thread worker;

    /// @param owner the workspace that asked; empty for the operator
    TaskRun(Task task, String owner) {
        this.task = task;
        this.owner = owner;
    }

    /// True when somebody may know of the task: whoever asked, and the operator.
    boolean visibleTo(String caller) {
        return caller.isEmpty() || caller.equals(owner);
    }

    Task task() {
        lock.lock();
        try {
            return task;
        } finally {
            lock.unlock();
        }
    }

    void workBy(Thread thread) {
        lock.lock();
        try {
            worker = thread;
        } finally {
            lock.unlock();
        }
    }

    /// Starts to follow: the task as it stands, then every event after it, in one order for all.
    Follower follow() {
        lock.lock();
        try {
            var follower = new Follower(new StreamEvent.Snapshot(task), this);
            if (!task.state().settles()) {
                followers.add(follower);
            }
            return follower;
        } finally {
            lock.unlock();
        }
    }

    /// Stops following.
    void leave(Follower follower) {
        lock.lock();
        try {
            followers.remove(follower);
        } finally {
            lock.unlock();
        }
    }

    /// Takes a further message; false when the task does not wait for one.
    boolean resume(Message message) {
        lock.lock();
        try {
            if (task.state() != TaskState.INPUT_REQUIRED) {
                return false;
            }
            task = task.heard(message).in(TaskState.SUBMITTED, null, Instant.now());
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// Comes into a state; false when the task had ended before.
    boolean come(TaskState state, @Nullable String saying) {
        lock.lock();
        try {
            if (task.state().terminal()) {
                return false;
            }
            var said = saying == null ? null : Message.fromAgent(task.contextId(), task.id(), saying);
            task = task.in(state, said, Instant.now());
            tell(new StreamEvent.StatusUpdate(task));
            changed.signalAll();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// Tells something else of the task; it is seen with its next state.
    void note(String name, JsonNode value) {
        lock.lock();
        try {
            if (task.state().terminal()) {
                return;
            }
            task = task.noted(name, value);
        } finally {
            lock.unlock();
        }
    }

    /// What was written so far is there until something takes its place.
    void retract() {
        lock.lock();
        try {
            retracted = !task.artifacts().isEmpty();
        } finally {
            lock.unlock();
        }
    }

    void write(String text, boolean last) {
        lock.lock();
        try {
            if (task.state().terminal()) {
                return;
            }
            var append = !task.artifacts().isEmpty();
            if (retracted) {
                task = task.without(ARTIFACT_ID);
                retracted = false;
                append = false;
            }
            task = task.wrote(ARTIFACT_ID, "answer", text);
            tell(new StreamEvent.ArtifactUpdate(task, ARTIFACT_ID, "answer", text, append, last));
        } finally {
            lock.unlock();
        }
    }

    /// Cancels; false when the task had ended before.
    boolean cancel() {
        if (!come(TaskState.CANCELED, "canceled")) {
            return false;
        }
        lock.lock();
        try {
            if (worker != null) {
                worker.interrupt();
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// The task once it needs nothing but its caller.
    Task awaitSettled() throws InterruptedException {
        lock.lock();
        try {
            while (!task.state().settles()) {
                changed.await();
            }
            return task;
        } finally {
            lock.unlock();
        }
    }

    private void tell(StreamEvent event) {
        followers.removeIf(follower -> !follower.offer(event));
        if (event.last()) {
            followers.clear();
        }
    }
}
