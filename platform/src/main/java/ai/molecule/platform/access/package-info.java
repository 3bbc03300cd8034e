/// Who may do what: tokens and sessions, who a bearer is, and the hierarchy rule.
///
/// In: a secret that somebody shows, or two workspace ids. Out: a caller, or yes and no.
@NullMarked
package ai.molecule.platform.access;

import org.jspecify.annotations.NullMarked;
