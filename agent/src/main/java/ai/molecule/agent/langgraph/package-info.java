/// The engine that thinks in steps: a graph of them, of which every one is kept before the next begins.
@NullMarked
package ai.molecule.agent.langgraph;

import org.jspecify.annotations.NullMarked;
