package ai.molecule.platform.store;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.LockSupport;
import org.postgresql.PGConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Hears what other transactions announce with `pg_notify`, on this process and on others over the same database.
///
/// Soft: notices are hints. After a lost connection every listener is called with an empty payload, so that it looks
/// for itself.
public final class Notices implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Notices.class);
    private static final Duration WAIT = Duration.ofSeconds(10);
    private static final Duration GOODBYE = Duration.ofSeconds(2);
    private static final Duration RETRY = Duration.ofSeconds(1);

    private final Database database;
    private final Map<String, List<Listener>> listeners = new ConcurrentHashMap<>();
    private final Thread thread;
    private volatile boolean closed;

    public Notices(Database database) {
        this.database = database;
        this.thread = Thread.ofVirtual().name("notices").unstarted(this::run);
    }

    /// Adds a listener; call before [#start].
    public void on(String channel, Listener listener) {
        listeners.computeIfAbsent(channel, any -> new CopyOnWriteArrayList<>()).add(listener);
    }

    /// Starts hearing.
    public void start() {
        thread.start();
    }

    @Override
    public void close() {
        closed = true;
        thread.interrupt();
        try {
            thread.join(GOODBYE);
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        while (!closed) {
            try (var connection = database.dedicated()) {
                listen(connection);
            } catch (SQLException lost) {
                if (!closed) {
                    LOG.warn("Lost the listening connection ({}); trying again in {}", lost.getMessage(), RETRY);
                    LockSupport.parkNanos(RETRY.toNanos());
                }
            }
        }
    }

    private void listen(Connection connection) throws SQLException {
        try (var statement = connection.createStatement()) {
            for (var channel : listeners.keySet()) {
                statement.execute("listen " + channel);
            }
        }
        listeners.keySet().forEach(channel -> tell(channel, ""));
        var postgres = connection.unwrap(PGConnection.class);
        while (!closed) {
            Arrays.stream(postgres.getNotifications((int) WAIT.toMillis()))
                    .map(notice -> new Notice(notice.getName(), notice.getParameter()))
                    .distinct()
                    .takeWhile(notice -> !closed)
                    .forEach(notice -> tell(notice.channel(), notice.payload()));
        }
    }

    /// What was announced; the same thing many times is told once.
    private record Notice(String channel, String payload) {}

    private void tell(String channel, String payload) {
        for (var listener : listeners.getOrDefault(channel, List.of())) {
            try {
                listener.heard(payload);
            } catch (RuntimeException failed) {
                LOG.error("A listener of {} failed; it is called again with the next notice", channel, failed);
            }
        }
    }

    /// Is told what was announced; an empty payload means that something may have been missed.
    @FunctionalInterface
    public interface Listener {
        void heard(String payload);
    }
}
