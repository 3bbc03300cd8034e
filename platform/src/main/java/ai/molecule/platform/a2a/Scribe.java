package ai.molecule.platform.a2a;

import ai.molecule.platform.ledger.Entry;
import ai.molecule.platform.ledger.Lease;
import ai.molecule.platform.ledger.Ledger;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.TaskTree;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Writes one delivery's events into the ledger, those that were noted meanwhile together, under the delivery's
/// lease.
final class Scribe {

    private static final int BATCH_MAX = 128;
    private static final int BATCH_WEIGHT_MAX = 1024 * 1024;

    private final Ledger ledger;
    private final Lease lease;
    private final AgentWords words;
    private final TaskTree tree;
    private final boolean further;
    private final List<ObjectNode> pending = new ArrayList<>();
    private long last;
    private int weight;
    private boolean blind;

    /// @param words knows what the agent calls the task
    /// @param tree becomes what the noted events make of the task
    /// @param further true when the message goes on with a task that the agent knew before
    Scribe(Ledger ledger, Lease lease, AgentWords words, TaskTree tree, boolean further) {
        this.ledger = ledger;
        this.lease = lease;
        this.words = words;
        this.tree = tree;
        this.further = further;
        this.last = lease.seq();
    }

    /// Takes note of an event, to be written with the next ones.
    void note(ObjectNode event) {
        pending.add(event);
        weight += Json.weight(event);
        tree.apply(event);
    }

    /// Drops what is noted and not written.
    void forget() {
        pending.clear();
        weight = 0;
    }

    /// The task's last event is this one.
    void goOnAfter(long seq) {
        last = seq;
    }

    /// True when nothing is noted.
    boolean idle() {
        return pending.isEmpty();
    }

    /// True when what is noted should be written now.
    boolean full() {
        return pending.size() >= BATCH_MAX || weight >= BATCH_WEIGHT_MAX;
    }

    /// Writes what is noted, and perhaps how the delivery ends. A task that ended meanwhile takes nothing more.
    ///
    /// @throws LeaseLostException when there is nothing more to do here
    void write(Entry.@Nullable End end) throws LeaseLostException {
        if (pending.isEmpty() && end == null) {
            return;
        }
        var changesState = pending.stream().anyMatch(event -> !event.has("artifactUpdate"));
        var again = end != null && end.phase().equals("queued");
        var named = new Entry.Named(words.theirTask(), words.theirContext());
        var written = ledger.append(new Entry(
                        lease.task(),
                        lease.target(),
                        last,
                        Entry.Hold.of(lease),
                        pending,
                        changesState ? tree.state().wire(A2aVersion.V0_3) : null,
                        again && !further ? Entry.Named.FORGOTTEN : named,
                        end != null && !again && !blind ? tree.task() : null,
                        end))
                .orElseThrow(LeaseLostException::new);
        // Somebody else wrote meanwhile, a further message say: what the tree here shows is not all any more.
        blind |= written.last() != last + pending.size();
        forget();
        last = written.last();
        if (written.ended() && end == null) {
            write(Entry.End.canceled());
            throw new LeaseLostException();
        }
    }

    /// Another process holds the message by now, or the task has ended: nothing more is to be done here.
    static final class LeaseLostException extends Exception {
        private static final long serialVersionUID = 1L;
    }
}
