package ai.molecule.agent.model;

import org.jspecify.annotations.Nullable;

/// The model could not be asked, for a reason that people can do something about.
public final class ModelException extends Exception {
    private static final long serialVersionUID = 1L;

    private final Kind kind;

    private enum Kind {
        OTHER,
        TOO_LONG,
        NO_TOOLS
    }

    ModelException(String message) {
        this(message, null, Kind.OTHER);
    }

    ModelException(String message, Throwable cause) {
        this(message, cause, Kind.OTHER);
    }

    private ModelException(String message, @Nullable Throwable cause, Kind kind) {
        super(message, cause);
        this.kind = kind;
    }

    /// The conversation has more than the model can take in.
    static ModelException tooLong(Throwable cause) {
        return new ModelException("the conversation is longer than the model takes in", cause, Kind.TOO_LONG);
    }

    /// Its server has no function calling.
    static ModelException noTools(Throwable cause) {
        return new ModelException("the model's server has no function calling", cause, Kind.NO_TOOLS);
    }

    boolean tooLong() {
        return kind == Kind.TOO_LONG;
    }

    boolean noTools() {
        return kind == Kind.NO_TOOLS;
    }
}
