/// The switchboard: an A2A 1.0 and 0.3 server in front of every workspace. It takes messages into the ledger,
/// hands them to agents, writes down what agents say, and lets callers wait, watch, ask, cancel and be told.
///
/// In: a caller's operation on a workspace. Out: what the ledger knows, as it comes.
@NullMarked
package ai.molecule.platform.a2a;

import org.jspecify.annotations.NullMarked;
