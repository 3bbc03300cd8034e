package ai.molecule.platform.backend;

import org.jspecify.annotations.Nullable;

/// A backend does not answer. Nothing is known of its agents meanwhile, and nothing is to be concluded.
public final class BackendAwayException extends BackendException {
    private static final long serialVersionUID = 1L;

    public BackendAwayException(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
