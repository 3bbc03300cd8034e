package ai.molecule.platform.ledger;

import java.time.Duration;

/// What a mailbox may hold, and for how long.
///
/// @param messages how many messages may wait in front of one workspace
/// @param bytes how many bytes they may take together
/// @param patience how long a message waits for its agent before it is given up
/// @param lease how long a process may hold a message without being heard of
/// @param attempts how often a message is handed to an agent that then is lost, before it is given up
public record MailboxLimits(int messages, long bytes, Duration patience, Duration lease, int attempts) {

    public static final MailboxLimits DEFAULT =
            new MailboxLimits(10_000, 256L * 1024 * 1024, Duration.ofHours(24), Duration.ofSeconds(60), 8);
}
