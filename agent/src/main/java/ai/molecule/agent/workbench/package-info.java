/// What an agent may use of the machine that it runs on, as far as whoever runs it allows: files, commands, and
/// the MCP servers that its configuration names.
@NullMarked
package ai.molecule.agent.workbench;

import org.jspecify.annotations.NullMarked;
