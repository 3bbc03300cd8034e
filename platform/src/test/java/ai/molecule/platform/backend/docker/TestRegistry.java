package ai.molecule.platform.backend.docker;

import ai.molecule.protocol.Json;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;

/// An image registry with one small image in it (OCI distribution, image manifest version 2 schema 2), for who
/// has the password. Engines try TLS first: such connections are closed at once, so that they come again
/// without.
final class TestRegistry implements AutoCloseable {

    static final String USER = "puller";
    static final String PASSWORD = "the-pullers-password";

    private static final String MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
    private static final int TLS_HANDSHAKE = 0x16;

    private final ServerSocket server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final byte[] layer = layer();
    private final byte[] config;
    private final byte[] manifest;

    TestRegistry() throws IOException {
        var rootfs = Json.object().put("architecture", "amd64").put("os", "linux");
        rootfs.putObject("config");
        rootfs.putObject("rootfs").put("type", "layers").putArray("diff_ids").add(digest(plainLayer()));
        config = Json.bytes(rootfs);
        var described = Json.object().put("schemaVersion", 2).put("mediaType", MANIFEST);
        described
                .putObject("config")
                .put("mediaType", "application/vnd.docker.container.image.v1+json")
                .put("size", config.length)
                .put("digest", digest(config));
        described
                .putArray("layers")
                .addObject()
                .put("mediaType", "application/vnd.docker.image.rootfs.diff.tar.gzip")
                .put("size", layer.length)
                .put("digest", digest(layer));
        manifest = Json.bytes(described);
        Thread.ofVirtual().start(this::accept);
    }

    /// Its name in references.
    String host() {
        return "127.0.0.1:" + server.getLocalPort();
    }

    /// The image's digest.
    String digest() {
        return digest(manifest);
    }

    /// What was asked for with the right password.
    List<String> asked() {
        return asked;
    }

    private void accept() {
        while (!server.isClosed()) {
            try {
                var socket = server.accept();
                Thread.ofVirtual().start(() -> serve(socket));
            } catch (IOException closed) {
                return;
            }
        }
    }

    private void serve(Socket socket) {
        try (socket;
                var in = new BufferedInputStream(socket.getInputStream())) {
            in.mark(1);
            if (in.read() == TLS_HANDSHAKE) {
                return;
            }
            in.reset();
            var line = line(in);
            var known = false;
            for (var header = line(in); !header.isEmpty(); header = line(in)) {
                known |= header.equals("Authorization: Basic "
                        + Base64.getEncoder().encodeToString((USER + ":" + PASSWORD).getBytes(StandardCharsets.UTF_8)));
            }
            var path = line.split(" ", -1)[1];
            if (!known) {
                answer(socket, "401 Unauthorized", "text/plain", new byte[0], "WWW-Authenticate: Basic realm=\"test\"");
                return;
            }
            asked.add(path);
            var found = Map.of(
                            "/v2/",
                            new byte[0],
                            "/v2/a/image/manifests/1",
                            manifest,
                            "/v2/a/image/manifests/" + digest(),
                            manifest,
                            "/v2/a/image/blobs/" + digest(config),
                            config,
                            "/v2/a/image/blobs/" + digest(layer),
                            layer)
                    .get(path);
            if (found == null) {
                answer(
                        socket,
                        "404 Not Found",
                        "application/json",
                        "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"manifest unknown\"}]}"
                                .getBytes(StandardCharsets.UTF_8),
                        "X-Nothing: here");
            } else {
                var head = line.startsWith("HEAD");
                var type = path.contains("/manifests/") ? MANIFEST : "application/octet-stream";
                answer(socket, "200 OK", type, found, "Docker-Content-Digest: " + digest(found), head);
            }
        } catch (IOException gone) {
            throw new UncheckedIOException(gone);
        }
    }

    private static void answer(Socket socket, String status, String type, byte[] body, String header)
            throws IOException {
        answer(socket, status, type, body, header, false);
    }

    private static void answer(Socket socket, String status, String type, byte[] body, String header, boolean head)
            throws IOException {
        var out = socket.getOutputStream();
        out.write(("HTTP/1.1 " + status + "\r\nContent-Type: " + type + "\r\nContent-Length: " + body.length
                        + "\r\nDocker-Distribution-Api-Version: registry/2.0\r\nConnection: close\r\n" + header
                        + "\r\n\r\n")
                .getBytes(StandardCharsets.US_ASCII));
        if (!head) {
            out.write(body);
        }
        out.flush();
    }

    private static String line(InputStream in) throws IOException {
        var line = new StringBuilder();
        for (int next = in.read(); next >= 0 && next != '\n'; next = in.read()) {
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }

    private static byte[] plainLayer() throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var tar = new TarArchiveOutputStream(bytes, StandardCharsets.UTF_8.name())) {
            var content = "pulled".getBytes(StandardCharsets.UTF_8);
            var entry = new TarArchiveEntry("pulled");
            entry.setSize(content.length);
            entry.setModTime(0L);
            tar.putArchiveEntry(entry);
            tar.write(content);
            tar.closeArchiveEntry();
        }
        return bytes.toByteArray();
    }

    private static byte[] layer() throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(bytes)) {
            gzip.write(plainLayer());
        }
        return bytes.toByteArray();
    }

    private static String digest(byte[] bytes) {
        try {
            return "sha256:"
                    + HexFormat.of()
                            .formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("Expected SHA-256 in every JDK", impossible);
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
