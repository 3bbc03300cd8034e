/// Plays the platform for an agent of any make, and tells which levels of the contract it keeps
/// (`docs/runtime-contract.md`).
@NullMarked
package ai.molecule.conformance;

import org.jspecify.annotations.NullMarked;
