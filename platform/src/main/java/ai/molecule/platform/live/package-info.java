/// What the canvas sees: a snapshot at number n, then every fact after n, to each viewer at its own speed.
///
/// In: the journal. Out: frames, as text, to whoever subscribed.
@NullMarked
package ai.molecule.platform.live;

import org.jspecify.annotations.NullMarked;
