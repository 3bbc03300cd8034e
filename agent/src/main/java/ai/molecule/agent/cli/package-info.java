/// Programs of others that work headless, each behind the same bridge: Claude Code, Gemini CLI, Codex, or any command.
@NullMarked
package ai.molecule.agent.cli;

import org.jspecify.annotations.NullMarked;
