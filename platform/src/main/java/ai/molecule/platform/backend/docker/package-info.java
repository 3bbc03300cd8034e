/// Agents in containers of a Docker engine, which the platform owns from creation to removal.
///
/// Everything made carries labels that say for which platform, workspace and start; what is known of containers
/// is read from the engine, never from a file. Words of the Engine API stay in here.
@NullMarked
package ai.molecule.platform.backend.docker;

import org.jspecify.annotations.NullMarked;
