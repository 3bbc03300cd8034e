/// Who is here: registration, epochs, heartbeats, silence, and where an agent is reached.
///
/// In: what agents say of themselves. Out: changes of a workspace's life, and routes for the switchboard.
@NullMarked
package ai.molecule.platform.registry;

import org.jspecify.annotations.NullMarked;
