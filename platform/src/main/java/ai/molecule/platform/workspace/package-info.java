/// The heart: workspaces, the life of each, what people may do with them, and the loop that gets agents running.
///
/// In: what somebody wants, or what the registry and the backends heard. Out: rows, journaled, and orders to
/// backends.
@NullMarked
package ai.molecule.platform.workspace;

import org.jspecify.annotations.NullMarked;
