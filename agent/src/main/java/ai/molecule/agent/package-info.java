/// The guest: registers with the platform, beats, answers A2A 1.0 and 0.3, and lets an engine do the work.
///
/// In: the environment and A2A calls of the platform. Out: registrations, heartbeats, answers, and calls to peers
/// through the platform.
@NullMarked
package ai.molecule.agent;

import org.jspecify.annotations.NullMarked;
