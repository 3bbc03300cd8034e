package ai.molecule.platform.a2a;

import ai.molecule.platform.ledger.Entry;
import ai.molecule.platform.ledger.Lease;
import ai.molecule.protocol.JsonRpc.ErrorCode;
import ai.molecule.protocol.TaskState;
import ai.molecule.protocol.TaskTree;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;

/// How a delivery ends when its agent did not bring the task to where it settles.
final class Ending {

    private final Means means;
    private final Lease lease;
    private final TaskTree tree;
    private final Scribe scribe;
    private final boolean further;

    /// @param further true when the message goes on with a task that the agent knew before
    Ending(Means means, Lease lease, TaskTree tree, Scribe scribe, boolean further) {
        this.means = means;
        this.lease = lease;
        this.tree = tree;
        this.scribe = scribe;
        this.further = further;
    }

    /// The agent refuses the message. A task that went on before goes on as it was.
    void refused(JsonNode error) throws Scribe.LeaseLostException {
        var message = "the agent refused the message: " + error.path("message").asText("");
        var lostTask = error.path("code").asInt(0) == ErrorCode.TASK_NOT_FOUND.number();
        ObjectNode event;
        if (further && !lostTask) {
            var before = means.ledger().tree(lease.task(), lease.seq() - 1).task();
            event = Words.came(tree.task(), before.path("status"));
        } else {
            event = Words.came(tree.task(), TaskState.FAILED, message, now());
        }
        event.set("error", error);
        scribe.note(event);
        scribe.write(Entry.End.done());
    }

    /// The message is given up.
    void failed(String why) throws Scribe.LeaseLostException {
        end(TaskState.FAILED, why, Entry.End.dead(why));
    }

    /// Nobody wants the task any more.
    void canceled() throws Scribe.LeaseLostException {
        end(TaskState.CANCELED, "", Entry.End.canceled());
    }

    private void end(TaskState state, String why, Entry.End end) throws Scribe.LeaseLostException {
        scribe.note(Words.came(tree.task(), state, why, now()));
        scribe.write(end);
    }

    /// Puts the message back into the mailbox, unless its time is over, its agent was lost with it too often,
    /// or it is not wanted any more.
    ///
    /// @param lost true when the agent may have the message
    /// @param heard true when the task got events that are taken back now
    /// @param epoch the agent that was tried
    void again(String why, boolean lost, boolean heard, long epoch) throws Scribe.LeaseLostException {
        var task = means.ledger().find(lease.task()).orElseThrow();
        if (task.state().terminal()) {
            scribe.forget();
            scribe.write(Entry.End.canceled());
        } else if (task.cancelAsked()) {
            canceled();
        } else if (lost && lease.lost() + 1 >= means.ledger().limits().attempts()) {
            failed("given up after " + (lease.lost() + 1) + " attempts: " + why);
        } else if (now().isAfter(lease.expires())) {
            failed("it could not be delivered in time: " + why);
        } else {
            if (heard || lease.acknowledged()) {
                scribe.forget();
                var before = means.ledger().tree(lease.task(), lease.seq()).task();
                scribe.note(Words.again(before, tree.task().path("history"), why, now()));
            }
            scribe.write(new Entry.End("queued", why, now().plus(lease.pause()), epoch, lost));
        }
    }

    private Instant now() {
        return means.clock().instant();
    }
}
