/// Connections that agents opened to us: over them everything reaches an agent that has no port of its own.
///
/// In: frames of an agent, over a WebSocket or polls; calls for agents. Out: calls as frames; answers.
@NullMarked
package ai.molecule.platform.uplink;

import org.jspecify.annotations.NullMarked;
