/// Where workspaces run: one interface, and a package behind it for every kind of place.
///
/// In: an order to start or stop an agent. Out: where it answers, and news of its death. It knows no other room.
@NullMarked
package ai.molecule.platform.backend;

import org.jspecify.annotations.NullMarked;
