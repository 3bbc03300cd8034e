/// Who may join without being asked for by name: the runs of pipelines, by a key or by the identity token of their CI.
///
/// In: join rules of the operator; runs that show what they have. Out: an ephemeral workspace for each run, with a
/// token
/// of its own; what each run came to.
@NullMarked
package ai.molecule.platform.admission;

import org.jspecify.annotations.NullMarked;
