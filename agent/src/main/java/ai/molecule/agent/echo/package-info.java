/// The engine that needs no model: it answers with what it was told. Demos, tests and load stand on it.
@NullMarked
package ai.molecule.agent.echo;

import org.jspecify.annotations.NullMarked;
