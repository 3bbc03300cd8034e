/// What agents may not do before a person has decided.
@NullMarked
package ai.molecule.platform.approval;

import org.jspecify.annotations.NullMarked;
