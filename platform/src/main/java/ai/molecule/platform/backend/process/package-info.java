/// Agents as local child processes of the platform, each in a directory of its own.
@NullMarked
package ai.molecule.platform.backend.process;

import org.jspecify.annotations.NullMarked;
