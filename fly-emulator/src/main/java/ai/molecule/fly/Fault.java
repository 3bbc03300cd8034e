package ai.molecule.fly;

import java.time.Duration;

/// Something that goes wrong on purpose with the next calls of an operation.
///
/// @param operation the operation that it meets
/// @param machine the machine it is for; empty for any
/// @param times how many calls it meets
/// @param status what is answered; 0 for what would be answered anyway
/// @param body the body that is answered
/// @param delay how long the call takes longer
/// @param cut true to break the connection instead of answering
/// @param after true when the call has its effect all the same
public record Fault(
        Operation operation,
        String machine,
        int times,
        int status,
        String body,
        Duration delay,
        boolean cut,
        boolean after) {

    /// An error instead of the effect.
    public static Fault refuse(Operation operation, int times, int status, String body) {
        return new Fault(operation, "", times, status, body, Duration.ZERO, false, false);
    }

    /// An error after the effect: what was asked for happened, and the answer says otherwise.
    public static Fault refuseAfter(Operation operation, int times, int status, String body) {
        return new Fault(operation, "", times, status, body, Duration.ZERO, false, true);
    }

    /// A connection that breaks before anything happened.
    public static Fault cut(Operation operation, int times) {
        return new Fault(operation, "", times, 0, "", Duration.ZERO, true, false);
    }

    /// A connection that breaks after it happened.
    public static Fault cutAfter(Operation operation, int times) {
        return new Fault(operation, "", times, 0, "", Duration.ZERO, true, true);
    }

    /// A call that takes longer.
    public static Fault slow(Operation operation, int times, Duration delay) {
        return new Fault(operation, "", times, 0, "", delay, false, true);
    }

    /// The same for one machine only.
    public Fault of(String id) {
        return new Fault(operation, id, times, status, body, delay, cut, after);
    }
}
