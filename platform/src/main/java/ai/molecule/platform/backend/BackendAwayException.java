package ai.molecule.platform.backend;

import org.jspecify.annotations.Nullable;

/// A backend does not answer. Nothing is known of its agents meanwhile, and nothing is to be concluded.
public final class BackendAwayException extends BackendException {
    private static final long serialVersionUID = 1L;

    private final String plainly;

    public BackendAwayException(String message, @Nullable Throwable cause) {
        this(message, "", cause);
    }

    /// @param plainly why, for people who wait: the same words as long as it is the same; empty for no more than
    /// that it does not answer
    public BackendAwayException(String message, String plainly, @Nullable Throwable cause) {
        super(message, cause);
        this.plainly = plainly;
    }

    /// Why, for people who wait; empty for no more than that it does not answer.
    public String plainly() {
        return plainly;
    }
}
