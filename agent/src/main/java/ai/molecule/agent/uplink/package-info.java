/// The connection that an agent opens to its platform, so that it needs no port of its own.
///
/// In: calls of the platform. Out: what a [ai.molecule.agent.uplink.Desk] answers.
@NullMarked
package ai.molecule.agent.uplink;

import org.jspecify.annotations.NullMarked;
