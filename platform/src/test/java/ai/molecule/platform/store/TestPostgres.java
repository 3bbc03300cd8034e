package ai.molecule.platform.store;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// One real PostgreSQL for all tests of this JVM; each asker gets a database of its own in it.
public final class TestPostgres {

    private static final AtomicInteger NUMBER = new AtomicInteger();
    private static @Nullable EmbeddedPostgres server;

    private TestPostgres() {}

    /// The address of a new, empty database.
    public static synchronized PostgresAddress newDatabase() {
        var running = server();
        var name = "test_" + NUMBER.incrementAndGet();
        try (var connection = DriverManager.getConnection(
                        running.address().jdbcUrl(),
                        running.address().user(),
                        running.address().password());
                var statement = connection.createStatement()) {
            statement.execute("create database " + name);
        } catch (SQLException failed) {
            throw new IllegalStateException("Expected a new database", failed);
        }
        return new PostgresAddress(
                running.address().jdbcUrl().replaceFirst("/postgres$", "/" + name),
                running.address().user(),
                running.address().password());
    }

    /// A database with the schema.
    public static Database open() {
        return Database.open(newDatabase());
    }

    private static EmbeddedPostgres server() {
        if (server == null) {
            try {
                var started = EmbeddedPostgres.start(Files.createTempDirectory("molecule-test-postgres"));
                Runtime.getRuntime().addShutdownHook(new Thread(started::close));
                server = started;
            } catch (IOException failed) {
                throw new UncheckedIOException(failed);
            }
        }
        return server;
    }
}
