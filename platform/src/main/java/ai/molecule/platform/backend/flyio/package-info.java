/// Agents on Fly Machines: one machine for each workspace, in one app.
///
/// In: orders. Out: calls of Fly's Machines API, and news of what its listings and events tell.
@NullMarked
package ai.molecule.platform.backend.flyio;

import org.jspecify.annotations.NullMarked;
