/// The engine that asks a model until there is an answer.
@NullMarked
package ai.molecule.agent.hermes;

import org.jspecify.annotations.NullMarked;
