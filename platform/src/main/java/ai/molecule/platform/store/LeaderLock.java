package ai.molecule.platform.store;

import java.sql.Connection;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Of all processes over one database, at most one holds a lock of a given number; it is lost with the holder's
/// connection.
public final class LeaderLock implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(LeaderLock.class);

    private final Database database;
    private final long number;
    private @Nullable Connection connection;

    public LeaderLock(Database database, long number) {
        this.database = database;
        this.number = number;
    }

    /// True when this process holds the lock now, taking it where nobody does.
    public synchronized boolean held() {
        try {
            if (connection != null && connection.isValid(1)) {
                return true;
            }
            release();
            var candidate = database.dedicated();
            if (locked(candidate)) {
                connection = candidate;
                return true;
            }
            candidate.close();
            return false;
        } catch (SQLException unreachable) {
            LOG.warn("Cannot ask for the leader's lock ({}); asking again soon", unreachable.getMessage());
            return false;
        }
    }

    @Override
    public void close() {
        release();
    }

    /// Lets another process lead.
    synchronized void release() {
        if (connection != null) {
            try {
                connection.close();
            } catch (SQLException alreadyGone) {
                LOG.debug("The leader's connection was gone already", alreadyGone);
            }
            connection = null;
        }
    }

    private boolean locked(Connection candidate) throws SQLException {
        try (var statement = candidate.prepareStatement("select pg_try_advisory_lock(?)")) {
            statement.setLong(1, number);
            try (var set = statement.executeQuery()) {
                return set.next() && set.getBoolean(1);
            }
        }
    }
}
