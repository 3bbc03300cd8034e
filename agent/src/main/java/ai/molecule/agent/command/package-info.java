/// An engine that runs a command for each message: text in, text out.
@NullMarked
package ai.molecule.agent.command;

import org.jspecify.annotations.NullMarked;
