package ai.molecule.agent.hermes;

import org.jspecify.annotations.Nullable;

/// The model could not be asked, for a reason that people can do something about.
public final class ModelException extends Exception {
    private static final long serialVersionUID = 1L;

    private final boolean tooLong;

    ModelException(String message) {
        this(message, null, false);
    }

    ModelException(String message, Throwable cause) {
        this(message, cause, false);
    }

    private ModelException(String message, @Nullable Throwable cause, boolean tooLong) {
        super(message, cause);
        this.tooLong = tooLong;
    }

    /// The conversation has more than the model can take in.
    static ModelException tooLong(Throwable cause) {
        return new ModelException("the conversation is longer than the model takes in", cause, true);
    }

    boolean tooLong() {
        return tooLong;
    }
}
