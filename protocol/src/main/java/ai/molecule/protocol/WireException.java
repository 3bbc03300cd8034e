package ai.molecule.protocol;

/// A body that is JSON, but not what was asked for; the message is safe to show to its sender.
public final class WireException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public WireException(String message) {
        super(message);
    }
}
