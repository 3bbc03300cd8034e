/// Secrets of agents: sealed at rest, handed over to whose they are, and to nobody else.
///
/// In: values from the operator. Out: names to people, values to the agent they are for.
@NullMarked
package ai.molecule.platform.secret;

import org.jspecify.annotations.NullMarked;
