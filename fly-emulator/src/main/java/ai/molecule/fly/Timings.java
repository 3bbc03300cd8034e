package ai.molecule.fly;

import java.time.Duration;

/// How long machines take from state to state.
///
/// @param create from `created` to `starting`: finding a host, unpacking the image
/// @param start from `starting` to `started`, of a cold boot
/// @param resume the same out of a snapshot
/// @param stop from the end of its process to `stopped`
/// @param suspend from `suspending` to `suspended`
/// @param destroy from `destroying` to `destroyed`
/// @param settle for how long after `stopped` a start is refused with 412
/// @param listLag how late lists show what changed
public record Timings(
        Duration create,
        Duration start,
        Duration resume,
        Duration stop,
        Duration suspend,
        Duration destroy,
        Duration settle,
        Duration listLag) {

    /// About what Fly takes with a small image that its hosts know.
    public static final Timings REAL = new Timings(
            Duration.ofMillis(900),
            Duration.ofMillis(300),
            Duration.ofMillis(250),
            Duration.ofMillis(300),
            Duration.ofMillis(400),
            Duration.ofMillis(500),
            Duration.ofSeconds(2),
            Duration.ofMillis(200));

    /// As fast as can be, for tests.
    public static final Timings QUICK = new Timings(
            Duration.ofMillis(5),
            Duration.ofMillis(5),
            Duration.ofMillis(5),
            Duration.ofMillis(5),
            Duration.ofMillis(5),
            Duration.ofMillis(5),
            Duration.ofMillis(20),
            Duration.ZERO);
}
