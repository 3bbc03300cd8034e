/// The cellar: connections, the small SQL runner, transactions, migrations, and the PostgreSQL that the platform runs
/// itself.
///
/// In: SQL text and parameters from `*Store` classes. Out: rows. It knows no other room.
@NullMarked
package ai.molecule.platform.store;

import org.jspecify.annotations.NullMarked;
