/// The load programs behind `./molecule bench`: a real platform in a process of its own, called over real sockets.
@NullMarked
package ai.molecule.bench;

import org.jspecify.annotations.NullMarked;
