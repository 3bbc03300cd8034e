/// Claude Code as an engine: the program itself, run for each message.
@NullMarked
package ai.molecule.agent.claude;

import org.jspecify.annotations.NullMarked;
