package ai.molecule.platform.backend;

import org.jspecify.annotations.Nullable;

/// A backend could not do what was ordered; the message says why, for people.
public sealed class BackendException extends Exception permits BackendAwayException, BackendRefusedException {
    private static final long serialVersionUID = 1L;

    public BackendException(String message) {
        this(message, null);
    }

    public BackendException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
