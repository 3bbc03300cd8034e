/// Asking models: whose protocol, with which key, what they may call, and what was said before.
@NullMarked
package ai.molecule.agent.model;

import org.jspecify.annotations.NullMarked;
