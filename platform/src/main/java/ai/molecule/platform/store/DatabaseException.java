package ai.molecule.platform.store;

import java.sql.SQLException;
import java.sql.SQLTransientException;
import java.util.Set;

/// The database could not do what was asked.
public final class DatabaseException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DatabaseException(String message, Throwable cause) {
        super(message, cause);
    }

    /// True when the server cannot be reached or used, rather than the statement being wrong (SQLSTATE classes
    /// 08, 53, 57).
    public boolean unavailable() {
        return getCause() instanceof SQLTransientException
                || Set.of("08", "53", "57").contains(state().substring(0, Math.min(2, state().length())));
    }

    /// True when the transaction was rolled back for the sake of another (40001, 40P01) and may be run again.
    boolean retryable() {
        return Set.of("40001", "40P01").contains(state());
    }

    private String state() {
        for (Throwable cause = getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && sql.getSQLState() != null) {
                return sql.getSQLState();
            }
        }
        return "";
    }
}
