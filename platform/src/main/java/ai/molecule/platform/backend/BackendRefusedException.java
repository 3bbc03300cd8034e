package ai.molecule.platform.backend;

/// A backend answered and said no.
public final class BackendRefusedException extends BackendException {
    private static final long serialVersionUID = 1L;

    private final int status;

    /// A refusal.
    ///
    /// @param status the HTTP status it came with
    public BackendRefusedException(int status, String message, Throwable cause) {
        super(message, cause);
        this.status = status;
    }

    public int status() {
        return status;
    }
}
