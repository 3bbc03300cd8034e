/// The house, one process: its floor plan (`Main`), its settings, and the directory it keeps.
@NullMarked
package ai.molecule.platform;

import org.jspecify.annotations.NullMarked;
