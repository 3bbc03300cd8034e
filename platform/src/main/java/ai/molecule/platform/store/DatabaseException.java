package ai.molecule.platform.store;

import java.sql.SQLException;

/// The database could not do what was asked.
public final class DatabaseException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    DatabaseException(String message, Throwable cause) {
        super(message, cause);
    }

    /// True when the server cannot be reached or used, rather than the statement being wrong (SQLSTATE classes 08,
    /// 53,
    /// 57).
    public boolean unavailable() {
        for (Throwable cause = getCause(); cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql && sql.getSQLState() != null) {
                return switch (sql.getSQLState().substring(0, 2)) {
                    case "08", "53", "57" -> true;
                    default -> false;
                };
            }
            if (cause instanceof java.sql.SQLTransientException) {
                return true;
            }
        }
        return false;
    }
}
