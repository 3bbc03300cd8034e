package ai.molecule.platform.a2a;

import ai.molecule.platform.ledger.Numbered;
import ai.molecule.platform.ledger.Watch;
import ai.molecule.protocol.Canonical;
import ai.molecule.protocol.TaskState;
import ai.molecule.protocol.TaskTree;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// Somebody who follows a task as a stream: the task first, then every event, in order, at the caller's pace.
/// Ending it never touches the task.
public final class Following implements AutoCloseable {

    private static final Duration KEEP_ALIVE = Duration.ofSeconds(15);

    private final Watch watch;
    private final Begin begin;
    private final long turn;
    private @Nullable TaskTree tree;
    private boolean began;

    /// @param tree the task up to the event after which the watch begins
    /// @param turn the event that the stream must go beyond before the task can end it by settling
    Following(Watch watch, TaskTree tree, Begin begin, long turn) {
        this.watch = watch;
        this.tree = tree;
        this.begin = begin;
        this.turn = turn;
        this.began = begin == Begin.GOING_ON;
    }

    /// How a stream begins.
    enum Begin {
        /// With the task as it stands.
        WITH_THE_TASK,
        /// With what comes first: the task, or a message instead of one.
        AS_IT_COMES,
        /// In the middle, after an event that the caller has seen.
        GOING_ON
    }

    /// Where the events go.
    public interface Sink {
        /// An event, in the form of 1.0.
        void event(long seq, ObjectNode event) throws IOException;

        /// The agent's refusal; the last of all.
        void error(JsonNode error) throws IOException;

        /// Nothing came for a while.
        void silence() throws IOException;
    }

    /// Writes all events until the task settles.
    ///
    /// @throws IOException when the caller is gone
    public void copyTo(Sink sink) throws IOException {
        try {
            if (begin == Begin.WITH_THE_TASK) {
                showTask(watch.seen(), sink);
            }
            while (true) {
                var events = watch.next(KEEP_ALIVE);
                if (events.isEmpty()) {
                    sink.silence();
                }
                for (var numbered : events) {
                    if (write(numbered, sink)) {
                        return;
                    }
                }
            }
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    /// Writes one event; true when it is the last.
    private boolean write(Numbered numbered, Sink sink) throws IOException {
        var event = numbered.event();
        if (numbered.error().isObject() && !began) {
            sink.error(numbered.error());
            return true;
        }
        if (event.path("message") instanceof ObjectNode message) {
            if (began) {
                var done = TaskTree.ended(message, event.path("at"));
                sink.event(numbered.seq(), Words.came(taskOf(message), done));
            } else {
                sink.event(numbered.seq(), Canonical.wrap("message", message));
            }
            return true;
        }
        if (!began && !event.has("task")) {
            showTask(numbered.seq() - 1, sink);
        }
        began = true;
        tree = null;
        sink.event(numbered.seq(), shown(event));
        return numbered.seq() > turn && settles(event);
    }

    private static ObjectNode taskOf(ObjectNode message) {
        var task = message.deepCopy();
        task.set("id", message.path("taskId"));
        return task;
    }

    private void showTask(long seq, Sink sink) throws IOException {
        if (tree != null) {
            sink.event(seq, Canonical.wrap("task", tree.task()));
        }
        tree = null;
        began = true;
    }

    /// An event without what only the ledger needs.
    static ObjectNode shown(ObjectNode event) {
        if (!event.has(TaskTree.HEARD) && !event.has("error")) {
            return event;
        }
        var shown = event.deepCopy();
        shown.remove(TaskTree.HEARD);
        shown.remove("error");
        return shown;
    }

    private static boolean settles(ObjectNode event) {
        var status = event.has("task")
                ? event.path("task").path("status")
                : event.path("statusUpdate").path("status");
        return TaskState.parse(status.path("state").asText(""))
                .filter(TaskState::settles)
                .isPresent();
    }

    @Override
    public void close() {
        watch.close();
    }
}
