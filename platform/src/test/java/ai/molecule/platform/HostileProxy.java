package ai.molecule.platform;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/// What may stand between an agent and its platform: it lets no WebSocket through, cuts connections, or lets nothing
/// through any more without a word.
final class HostileProxy implements AutoCloseable {

    private static final int HEAD_MAX = 16 * 1024;

    private final ServerSocket door = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final int port;
    private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
    private final AtomicInteger upgrades = new AtomicInteger();
    private volatile boolean refusing;
    private volatile boolean frozen;

    /// @param port where the platform is
    HostileProxy(int port) throws IOException {
        this.port = port;
        Thread.ofVirtual().name("hostile-proxy").start(this::run);
    }

    URI url() {
        return URI.create("http://127.0.0.1:" + door.getLocalPort() + "/");
    }

    /// Lets no WebSocket through.
    void refuseUpgrades(boolean refuse) {
        refusing = refuse;
    }

    /// How many WebSockets it let through.
    int upgrades() {
        return upgrades.get();
    }

    /// Lets nothing through, without a word: nobody hears of an end.
    void freeze(boolean freeze) {
        frozen = freeze;
    }

    /// Cuts every connection.
    void cut() {
        sockets.forEach(HostileProxy::close);
        sockets.clear();
    }

    private void run() {
        while (!door.isClosed()) {
            try {
                var client = door.accept();
                sockets.add(client);
                Thread.ofVirtual().start(() -> serve(client));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(Socket client) {
        try (client) {
            client.setTcpNoDelay(true);
            var head = head(client.getInputStream());
            var upgrade = head.toLowerCase(Locale.ROOT).contains("upgrade: websocket");
            if (upgrade && refusing) {
                client.getOutputStream()
                        .write("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
                                .getBytes(StandardCharsets.US_ASCII));
                return;
            }
            if (upgrade) {
                upgrades.incrementAndGet();
            } else {
                // One request for each connection, so that it sees the beginning of all.
                head = head.replaceFirst("\r\n", "\r\nConnection: close\r\n");
            }
            while (frozen && !client.isClosed()) {
                LockSupport.parkNanos(10_000_000);
            }
            try (var server = new Socket(InetAddress.getLoopbackAddress(), port)) {
                server.setTcpNoDelay(true);
                sockets.add(server);
                server.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
                var back = Thread.ofVirtual().start(() -> pass(server, client));
                pass(client, server);
                back.join();
                sockets.remove(server);
            }
        } catch (IOException cut) {
            // That is what it is for.
        } catch (InterruptedException stopped) {
            Thread.currentThread().interrupt();
        } finally {
            sockets.remove(client);
        }
    }

    private static String head(InputStream in) throws IOException {
        var head = new StringBuilder();
        while (!head.toString().endsWith("\r\n\r\n") && head.length() < HEAD_MAX) {
            var next = in.read();
            if (next < 0) {
                throw new IOException("it left before its request was whole");
            }
            head.append((char) next);
        }
        return head.toString();
    }

    private void pass(Socket from, Socket to) {
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            var piece = new byte[16 * 1024];
            for (var read = in.read(piece); read >= 0; read = in.read(piece)) {
                if (!frozen) {
                    out.write(piece, 0, read);
                }
            }
            if (!frozen) {
                to.close();
            }
        } catch (IOException cut) {
            close(to);
        }
    }

    private static void close(Socket socket) {
        try {
            socket.setSoLinger(true, 0);
            socket.close();
        } catch (IOException already) {
            // It is closed.
        }
    }

    @Override
    public void close() throws IOException {
        door.close();
        cut();
    }
}
