package ai.molecule.platform.store;

import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;

/// Since when this process has been listening without a gap. Soft.
///
/// Whoever declares others silent asks it first: a process that has just started, a machine that slept and a database
/// that was away have heard nobody, and that is nobody's fault.
public final class Attention {

    private static final Duration GAP = Duration.ofSeconds(10);

    private final InstantSource clock;
    private final Duration gap;
    private Instant since;
    private Instant begun;
    private Instant looked;

    public Attention(InstantSource clock) {
        this(clock, GAP);
    }

    /// @param gap how long may be between two looks
    public Attention(InstantSource clock, Duration gap) {
        this.clock = clock;
        this.gap = gap;
        this.since = clock.instant();
        this.begun = since;
        this.looked = since;
    }

    /// Begins a look.
    ///
    /// @return false when the last one was too long ago, so that it listens only from now on
    public boolean begin() {
        begun = clock.instant();
        var unbroken = !looked.plus(gap).isBefore(begun);
        if (!unbroken) {
            since = begun;
        }
        return unbroken;
    }

    /// Ends a look that saw everything; one that failed on the way does not count.
    public void end() {
        looked = begun;
    }

    /// When it began to listen.
    public Instant since() {
        return since;
    }
}
