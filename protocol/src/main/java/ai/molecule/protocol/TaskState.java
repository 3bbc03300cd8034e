package ai.molecule.protocol;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/// Where a task is in its life (A2A 1.0, section 4.1.3), with its names in both versions.
public enum TaskState {
    SUBMITTED("submitted"),
    WORKING("working"),
    INPUT_REQUIRED("input-required"),
    AUTH_REQUIRED("auth-required"),
    COMPLETED("completed"),
    FAILED("failed"),
    CANCELED("canceled"),
    REJECTED("rejected");

    private final String v03;

    TaskState(String v03) {
        this.v03 = v03;
    }

    /// The name in a version.
    public String wire(A2aVersion version) {
        return switch (version) {
            case V1_0 -> "TASK_STATE_" + name();
            case V0_3 -> v03;
        };
    }

    /// True when nothing follows.
    public boolean terminal() {
        return switch (this) {
            case COMPLETED, FAILED, CANCELED, REJECTED -> true;
            case SUBMITTED, WORKING, INPUT_REQUIRED, AUTH_REQUIRED -> false;
        };
    }

    /// True when a blocking caller gets its answer now: nothing follows, or nothing follows before the caller
    /// speaks.
    public boolean settles() {
        return terminal() || this == INPUT_REQUIRED || this == AUTH_REQUIRED;
    }

    /// Reads the name of either version; empty when it is neither's.
    public static Optional<TaskState> parse(String wire) {
        var name = wire.toUpperCase(Locale.ROOT).replace('-', '_').replaceFirst("^TASK_STATE_", "");
        return Arrays.stream(values())
                .filter(state -> state.name().equals(name))
                .findFirst();
    }
}
