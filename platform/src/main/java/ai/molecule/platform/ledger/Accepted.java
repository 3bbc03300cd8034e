package ai.molecule.platform.ledger;

import ai.molecule.platform.registry.Way;
import java.util.UUID;

/// What became of a message that was handed in.
public sealed interface Accepted {

    /// It waits in the mailbox.
    ///
    /// @param seq the event of the task that took it in
    record Queued(UUID task, long seq) implements Accepted {}

    /// The agent can have it now, from this process.
    ///
    /// @param way how the agent is reached
    record Leased(Lease lease, long seq, Way way) implements Accepted {}

    /// It was taken in before, by this event of this task.
    record Repeated(UUID task, long seq) implements Accepted {}

    /// The mailbox holds as much as it may.
    record Full() implements Accepted {}

    /// The workspace does not exist, or does not any more.
    record Gone() implements Accepted {}

    /// The context is another owner's.
    record Foreign() implements Accepted {}

    /// The task that it was to go on with has ended.
    record Ended() implements Accepted {}
}
