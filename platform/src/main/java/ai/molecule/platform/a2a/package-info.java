/// The switchboard: cards, routes and streams between callers and agents, in A2A 1.0 and 0.3 over JSON-RPC.
///
/// In: a caller's bytes for a workspace. Out: the agent's bytes, as they come.
@NullMarked
package ai.molecule.platform.a2a;

import org.jspecify.annotations.NullMarked;
