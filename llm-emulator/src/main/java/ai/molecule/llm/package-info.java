/// Model providers without a model: their wire protocols on this machine, with answers that follow a script. For
/// tests, and for trying things out without an account.
@NullMarked
package ai.molecule.llm;

import org.jspecify.annotations.NullMarked;
