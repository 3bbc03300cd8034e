/// Facts, append-only and hash-chained, written in the transaction of the change they tell of.
///
/// In: what happened, from the rooms that made it happen. Out: facts in order, to whoever reads on from a number.
@NullMarked
package ai.molecule.platform.journal;

import org.jspecify.annotations.NullMarked;
