package ai.molecule.platform.ledger;

import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What is to be written about a task, at once or not at all.
///
/// @param target whose task it is
/// @param after the last event of the task that the writer knows
/// @param by the lease it is written under; null when it is written by nobody in particular
/// @param events in order
/// @param state the state after them, in the words of 0.3; null when they change none
/// @param agent what the agent calls task and context
/// @param snapshot what all events make of the task, where that is worth keeping
/// @param end how the delivery ends; null when it goes on
public record Entry(
        UUID task,
        WorkspaceId target,
        long after,
        @Nullable Hold by,
        List<ObjectNode> events,
        @Nullable String state,
        Named agent,
        @Nullable ObjectNode snapshot,
        @Nullable End end) {

    public Entry {
        events = List.copyOf(events);
    }

    /// About how many bytes it takes.
    long weight() {
        return events.stream().mapToLong(Json::weight).sum() + (snapshot == null ? 0 : Json.weight(snapshot));
    }

    /// A delivery, and the phase and lease it must be in.
    public record Hold(long delivery, String phase, int lease) {
        /// The hold of a lease.
        public static Hold of(Lease lease) {
            return new Hold(lease.delivery(), "leased", lease.number());
        }
    }

    /// What an agent calls a task and its context; empty where it is not known, or the same.
    public record Named(String task, String context) {
        /// Nothing known.
        public static final Named UNKNOWN = new Named("", "");

        /// Not known any more: the agent has lost the task, or gets it anew.
        public static final Named FORGOTTEN = new Named("-", "");
    }

    /// How a delivery ends.
    ///
    /// @param phase `done`, `dead`, `canceled`, or `queued` once more
    /// @param problem why, empty when all is well
    /// @param again when it may be tried again; null when it is not
    /// @param epoch the agent that was tried
    /// @param lost true when it may have the message, and was lost with it
    public record End(
            String phase, String problem, @Nullable Instant again, long epoch, boolean lost) {
        public static End done() {
            return new End("done", "", null, 0, false);
        }

        public static End dead(String problem) {
            return new End("dead", problem, null, 0, false);
        }

        public static End canceled() {
            return new End("canceled", "", null, 0, false);
        }
    }
}
