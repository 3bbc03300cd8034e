/// What agents remember beyond a conversation, for themselves, their team or all.
@NullMarked
package ai.molecule.platform.memory;

import org.jspecify.annotations.NullMarked;
