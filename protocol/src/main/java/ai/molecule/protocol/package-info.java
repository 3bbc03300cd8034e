/// The words on the wire: ids, agent cards, registration, heartbeats, A2A 0.3 and 1.0, problems.
///
/// In: bytes and JSON trees, read leniently. Out: records, and JSON written strictly. Nothing here does I/O.
@NullMarked
package ai.molecule.protocol;

import org.jspecify.annotations.NullMarked;
