/// The front door: the listener, who is calling, limits, one error switch, and one `*Routes` class for each room.
///
/// In: HTTP. Out: calls into the rooms, and their answers as JSON. Nothing behind this door knows HTTP's words
/// for what comes in.
@NullMarked
package ai.molecule.platform.edge;

import org.jspecify.annotations.NullMarked;
