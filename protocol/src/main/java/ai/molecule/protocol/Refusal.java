package ai.molecule.protocol;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// A request that is understood and refused. Nothing was changed. The message is safe to show to the one who
/// asked.
public final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final Reason reason;
    private final transient @Nullable Object detail;

    public Refusal(Reason reason, String message) {
        this(reason, message, null);
    }

    /// @param detail what else the answer shows, a value the edge knows how to write
    public Refusal(Reason reason, String message, @Nullable Object detail) {
        super(message);
        this.reason = reason;
        this.detail = detail;
    }

    public Reason reason() {
        return reason;
    }

    public @Nullable Object detail() {
        return detail;
    }

    /// Writes `{"error","code"}`.
    public Problem problem() {
        return new Problem(String.valueOf(getMessage()), reason.code());
    }

    /// Why a request is refused; the closed list behind every `code` on the wire.
    public enum Reason {
        BAD_REQUEST,
        PLAIN_HTTP,
        INVALID_FIELD,
        RUNTIME_NOT_ALLOWED,
        BACKEND_NOT_AVAILABLE,
        HOST_ACCESS_NOT_ALLOWED,
        URL_NOT_ALLOWED,
        UNAUTHENTICATED,
        INVALID_TOKEN,
        FORBIDDEN,
        FORBIDDEN_FIELD,
        NOT_FOUND,
        METHOD_NOT_ALLOWED,
        WORKSPACE_NOT_FOUND,
        WORKSPACE_REMOVED,
        CURSOR_LOST,
        ILLEGAL_TRANSITION,
        CONFLICT,
        SUPERSEDED,
        IDENTITY_IN_USE,
        UPLINK_LOST,
        CONFIRMATION_REQUIRED,
        ANCESTOR_PAUSED,
        PARENT_CYCLE,
        NOT_POSSIBLE,
        IDEMPOTENCY_KEY_REUSED,
        PAYLOAD_TOO_LARGE,
        REQUEST_TIMEOUT,
        RATE_LIMITED,
        BUDGET_EXHAUSTED,
        UNAVAILABLE;

        /// The stable code on the wire.
        public String code() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
