package ai.molecule.platform.store;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.SecureRandom;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A real PostgreSQL as a child process, its files below one directory, listening on loopback only.
///
/// Durable: fsync and synchronous commit stay on. The caller must hold the data directory's lock, so that a
/// server found running there can only be the orphan of a platform that was killed; it is stopped before the
/// new one starts.
public final class EmbeddedPostgres implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(EmbeddedPostgres.class);
    private static final String USER = "molecule";
    private static final Duration START_PATIENCE = Duration.ofSeconds(30);
    private static final Duration RESTART_PAUSE = Duration.ofSeconds(1);
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(10);

    private final List<String> command;
    private final Path log;
    private final PostgresAddress address;
    private volatile Process server;
    private volatile boolean closing;

    private EmbeddedPostgres(List<String> command, Path log, PostgresAddress address) throws IOException {
        this.command = List.copyOf(command);
        this.log = log;
        this.address = address;
        this.server = launch();
    }

    /// Unpacks the binaries and makes a cluster where that was not done before, then starts the server and
    /// waits until it answers.
    ///
    /// @param home the directory that holds binaries and data
    /// @throws IOException when the server does not come up; the message carries the last lines of its log
    public static EmbeddedPostgres start(Path home) throws IOException {
        Files.createDirectories(home);
        var binaries = PostgresBinaries.unpack(home);
        var user = PostgresUser.choose(home);
        var data = home.resolve("data");
        var password = initialise(home, data, binaries, user);
        stopOrphan(data);
        var port = freePort();
        var log = home.resolve("server.log");
        var command = user.wrap(List.of(
                binaries.resolve("bin/postgres").toString(),
                "-D",
                data.toString(),
                "-p",
                String.valueOf(port),
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "unix_socket_directories=",
                "-c",
                "max_connections=60",
                "-c",
                "shared_buffers=64MB",
                "-c",
                "wal_level=minimal",
                "-c",
                "max_wal_senders=0",
                "-c",
                "log_min_messages=warning"));
        Files.deleteIfExists(log);
        var address = new PostgresAddress("jdbc:postgresql://127.0.0.1:" + port + "/postgres", USER, password);
        var embedded = new EmbeddedPostgres(command, log, address);
        try {
            embedded.awaitAnswer();
        } catch (IOException failed) {
            embedded.close();
            throw failed;
        }
        Thread.ofVirtual().name("postgres-guard").start(embedded::guard);
        return embedded;
    }

    private Process launch() throws IOException {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
    }

    /// Starts the server again whenever it ends by itself, on the same port; until then callers are told to come
    /// back.
    private void guard() {
        try {
            while (!closing) {
                var code = server.waitFor();
                if (!closing) {
                    LOG.error("PostgreSQL ended with code {}; starting it again", code);
                    LockSupport.parkNanos(RESTART_PAUSE.toNanos());
                    revive();
                }
            }
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        } catch (IOException failed) {
            LOG.error("PostgreSQL cannot be started again; the platform needs a restart", failed);
        }
    }

    private synchronized void revive() throws IOException {
        if (!closing) {
            server = launch();
        }
    }

    /// Where the server answers.
    public PostgresAddress address() {
        return address;
    }

    /// The server's process id.
    public long pid() {
        return server.pid();
    }

    /// Stops the server: fast first (it rolls back and writes a checkpoint), by force when it does not end.
    @Override
    public synchronized void close() {
        closing = true;
        stop(server.toHandle());
    }

    private static String initialise(Path home, Path data, Path binaries, PostgresUser user) throws IOException {
        var secret = home.resolve("password");
        if (Files.exists(data.resolve("PG_VERSION"))) {
            if (!Files.exists(secret)) {
                throw new IOException("Expected the database's password in " + secret + ", but the file is missing;"
                        + " put it back, or move " + data + " away to begin anew");
            }
            return Files.readString(secret).strip();
        }
        deleteHalfMade(data);
        var bytes = new byte[24];
        new SecureRandom().nextBytes(bytes);
        var password = HexFormat.of().formatHex(bytes);
        PrivateFiles.write(secret, password);
        user.own(secret);
        var log = home.resolve("initdb.log");
        var making = home.resolve("data.making");
        deleteHalfMade(making);
        Files.createDirectories(making);
        user.own(making);
        var initdb = new ProcessBuilder(user.wrap(List.of(
                        binaries.resolve("bin/initdb").toString(),
                        "-D",
                        making.toString(),
                        "-U",
                        USER,
                        "-A",
                        "scram-sha-256",
                        "--pwfile=" + secret,
                        "-E",
                        "UTF8",
                        "--locale=C",
                        "--no-sync")))
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        if (!ended(initdb, START_PATIENCE) || initdb.exitValue() != 0) {
            throw new IOException("Expected initdb to make a cluster in " + data + ", but it said: " + tail(log));
        }
        Files.move(making, data, StandardCopyOption.ATOMIC_MOVE);
        return password;
    }

    private static void stopOrphan(Path data) throws IOException {
        var pidFile = data.resolve("postmaster.pid");
        if (!Files.exists(pidFile)) {
            return;
        }
        var first = Files.readAllLines(pidFile, StandardCharsets.UTF_8).stream()
                .findFirst()
                .orElse("");
        if (!first.strip().matches("[0-9]{1,10}")) {
            return;
        }
        var found = ProcessHandle.of(Long.parseLong(first.strip()))
                .filter(process -> process.info().commandLine().orElse("").contains(data.toString()));
        if (found.isPresent()) {
            LOG.warn(
                    "Stopping PostgreSQL {}, left over from a platform that was killed",
                    found.get().pid());
            stop(found.get());
        }
    }

    private static void stop(ProcessHandle process) {
        signal(process, "INT");
        if (!gone(process, STOP_PATIENCE)) {
            signal(process, "QUIT");
            if (!gone(process, STOP_PATIENCE)) {
                process.destroyForcibly();
            }
        }
    }

    private static void signal(ProcessHandle process, String name) {
        try {
            var kill = new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            ended(kill, Duration.ofSeconds(2));
        } catch (IOException noKill) {
            process.destroy();
        }
    }

    private static boolean gone(ProcessHandle process, Duration patience) {
        try {
            process.onExit().get(patience.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
            return !process.isAlive();
        } catch (ExecutionException | TimeoutException late) {
            return !process.isAlive();
        }
    }

    private void awaitAnswer() throws IOException {
        var deadline = System.nanoTime() + START_PATIENCE.toNanos();
        while (System.nanoTime() < deadline) {
            if (!server.isAlive()) {
                throw new IOException("Expected PostgreSQL to start, but it said: " + tail(log));
            }
            try (var connection = DriverManager.getConnection(address.jdbcUrl(), address.user(), address.password())) {
                if (connection.isValid(1)) {
                    return;
                }
            } catch (SQLException notYet) {
                LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
            }
        }
        throw new IOException("Expected PostgreSQL to answer within " + START_PATIENCE + ", but it said: " + tail(log));
    }

    private static boolean ended(Process process, Duration patience) {
        try {
            return process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException hurried) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static int freePort() throws IOException {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static void deleteHalfMade(Path directory) throws IOException {
        if (Files.exists(directory)) {
            try (var files = Files.walk(directory)) {
                for (var file : new ArrayList<>(files.toList()).reversed()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static String tail(Path log) throws IOException {
        var lines = Files.exists(log) ? Files.readAllLines(log, StandardCharsets.UTF_8) : List.<String>of();
        return String.join(" | ", lines.subList(Math.max(0, lines.size() - 5), lines.size()));
    }
}
