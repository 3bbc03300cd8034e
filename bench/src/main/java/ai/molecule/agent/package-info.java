/// What the benchmarks need of the agent's inside.
@NullMarked
package ai.molecule.agent;

import org.jspecify.annotations.NullMarked;
