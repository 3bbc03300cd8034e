/// The ledger: every message, task and event, in PostgreSQL before anybody sees it, and the mailboxes in front
/// of all workspaces.
///
/// In: messages to take in, events of agents, questions about tasks. Out: tasks as their events made them, and
/// what is to be delivered next. Nothing here talks to an agent.
@NullMarked
package ai.molecule.platform.ledger;

import org.jspecify.annotations.NullMarked;
