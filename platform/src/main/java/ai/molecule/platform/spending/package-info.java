/// What agents take of models, what that costs, and how much it may.
@NullMarked
package ai.molecule.platform.spending;

import org.jspecify.annotations.NullMarked;
