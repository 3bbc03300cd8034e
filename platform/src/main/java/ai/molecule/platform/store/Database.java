package ai.molecule.platform.store;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.flywaydb.core.Flyway;
import org.jspecify.annotations.Nullable;

/// The one way to PostgreSQL: a bounded pool, a small SQL runner, and transactions that nest by joining.
///
/// A statement outside a transaction commits by itself. Inside [#inTransaction] all statements of the thread
/// share one connection.
public final class Database implements AutoCloseable {

    private static final ScopedValue<Connection> TRANSACTION = ScopedValue.newInstance();

    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final int TRIES_MAX = 4;
    private static final int CONNECTIONS_MAX = 12;

    private final HikariDataSource pool;

    private Database(HikariDataSource pool) {
        this.pool = pool;
    }

    /// Connects and brings the schema up to date.
    ///
    /// @throws DatabaseException when the server cannot be reached
    public static Database open(PostgresAddress address) {
        var config = new HikariConfig();
        config.setJdbcUrl(address.jdbcUrl());
        config.setUsername(address.user());
        config.setPassword(address.password());
        config.setMaximumPoolSize(CONNECTIONS_MAX);
        config.setMinimumIdle(2);
        config.setConnectionTimeout(PATIENCE.toMillis());
        config.setPoolName("molecule");
        config.addDataSourceProperty("ApplicationName", "molecule");
        config.addDataSourceProperty("tcpKeepAlive", "true");
        config.addDataSourceProperty("prepareThreshold", "3");
        try {
            var pool = new HikariDataSource(config);
            Flyway.configure()
                    .dataSource(pool)
                    .locations("classpath:db/migration")
                    .load()
                    .migrate();
            return new Database(pool);
        } catch (RuntimeException unreachable) {
            throw new DatabaseException("Expected to open the database at " + address.shown(), unreachable);
        }
    }

    /// All rows of a query.
    public <T> List<T> query(String sql, Function<Row, T> mapping, @Nullable Object... parameters) {
        return withStatement(sql, parameters, statement -> {
            try (var set = statement.executeQuery()) {
                var rows = new ArrayList<T>();
                while (set.next()) {
                    rows.add(mapping.apply(new Row(set)));
                }
                return rows;
            }
        });
    }

    /// The first row of a query, if any.
    public <T> Optional<T> first(String sql, Function<Row, T> mapping, @Nullable Object... parameters) {
        return query(sql, mapping, parameters).stream().findFirst();
    }

    /// Runs a change and says how many rows it touched.
    public int update(String sql, @Nullable Object... parameters) {
        return withStatement(sql, parameters, PreparedStatement::executeUpdate);
    }

    /// Runs the work in one transaction, or in the one that is already open; an exception rolls everything back.
    ///
    /// Work that PostgreSQL rolled back to let another go first (a deadlock) is run again, a few times; it must be
    /// only about the database.
    public <T extends @Nullable Object> T inTransaction(Work<T> work) {
        if (TRANSACTION.isBound()) {
            return work.run();
        }
        for (int tries = 1; ; tries++) {
            try {
                return once(work);
            } catch (DatabaseException lost) {
                if (!lost.retryable() || tries == TRIES_MAX) {
                    throw lost;
                }
            }
        }
    }

    private <T extends @Nullable Object> T once(Work<T> work) {
        try (var connection = pool.getConnection()) {
            connection.setAutoCommit(false);
            try {
                var result = ScopedValue.where(TRANSACTION, connection).call(work::run);
                connection.commit();
                return result;
            } catch (Throwable failed) {
                rollBack(connection, failed);
                throw failed;
            } finally {
                connection.setAutoCommit(true);
            }
        } catch (SQLException broken) {
            throw new DatabaseException("Expected to run a transaction", broken);
        }
    }

    /// Runs reads that all see the same moment.
    public <T extends @Nullable Object> T inSnapshot(Work<T> work) {
        return inTransaction(() -> {
            update("set transaction isolation level repeatable read, read only");
            return work.run();
        });
    }

    /// True when the server answers within a second.
    public boolean answers() {
        try (var connection = pool.getConnection()) {
            return connection.isValid(1);
        } catch (SQLException silent) {
            return false;
        }
    }

    /// A connection of its own, outside the pool's life: for listening and for locks that are held long.
    Connection dedicated() throws SQLException {
        return java.sql.DriverManager.getConnection(pool.getJdbcUrl(), pool.getUsername(), pool.getPassword());
    }

    @Override
    public void close() {
        pool.close();
    }

    private <T> T withStatement(String sql, @Nullable Object[] parameters, Use<T> use) {
        if (TRANSACTION.isBound()) {
            return run(TRANSACTION.get(), sql, parameters, use);
        }
        try (var connection = pool.getConnection()) {
            return run(connection, sql, parameters, use);
        } catch (SQLException broken) {
            throw new DatabaseException("Expected a connection", broken);
        }
    }

    private static <T> T run(Connection connection, String sql, @Nullable Object[] parameters, Use<T> use) {
        try (var statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < parameters.length; i++) {
                statement.setObject(i + 1, wire(connection, parameters[i]));
            }
            return use.apply(statement);
        } catch (SQLException failed) {
            throw new DatabaseException(
                    "Expected to run: " + sql.strip().lines().findFirst().orElse(""), failed);
        }
    }

    private static @Nullable Object wire(Connection connection, @Nullable Object value) throws SQLException {
        return switch (value) {
            case null -> null;
            case Instant at -> at.atOffset(ZoneOffset.UTC);
            case SqlArray array ->
                connection.createArrayOf(array.type(), array.values().toArray());
            default -> value;
        };
    }

    private static void rollBack(Connection connection, Throwable cause) {
        try {
            connection.rollback();
        } catch (SQLException alsoBroken) {
            cause.addSuppressed(alsoBroken);
        }
    }

    /// What is done in a transaction.
    @FunctionalInterface
    public interface Work<T extends @Nullable Object> {
        T run();
    }

    @FunctionalInterface
    private interface Use<T> {
        T apply(PreparedStatement statement) throws SQLException;
    }
}
