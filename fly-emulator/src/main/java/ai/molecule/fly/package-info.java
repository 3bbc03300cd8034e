/// An emulator of the Fly Machines API: apps, machines, volumes, secrets, leases, events and their errors, with
/// faults on demand, and machines that really run as processes where they are wanted to.
///
/// In: HTTP as Fly describes it. Out: the same answers, and processes. It knows nothing of the platform.
@NullMarked
package ai.molecule.fly;

import org.jspecify.annotations.NullMarked;
