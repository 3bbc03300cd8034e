/// The engine that asks a model: any server that speaks OpenAI's chat completions.
@NullMarked
package ai.molecule.agent.hermes;

import org.jspecify.annotations.NullMarked;
