package ai.molecule.bench;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// One kept HTTP/1.1 connection that costs almost nothing itself: requests are bytes, of answers only status
/// and body are read.
final class Line implements AutoCloseable {

    private final Socket socket;
    private final InputStream in;
    private final OutputStream out;

    Line(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setTcpNoDelay(true);
        in = new BufferedInputStream(socket.getInputStream(), 16 * 1024);
        out = socket.getOutputStream();
    }

    /// A request as bytes.
    static byte[] request(String method, String path, String bearer, String body) {
        return request(method, path, bearer, body, List.of());
    }

    /// A request as bytes, with more headers.
    static byte[] request(String method, String path, String bearer, String body, List<String> headers) {
        var bytes = body.getBytes(StandardCharsets.UTF_8);
        var head = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + bearer
                + "\r\n"
                + String.join(
                        "", headers.stream().map(header -> header + "\r\n").toList())
                + "Content-Type: application/json\r\nContent-Length: " + bytes.length + "\r\n\r\n";
        return (head + body).getBytes(StandardCharsets.UTF_8);
    }

    /// Sends and waits for the whole answer.
    Answer call(byte[] request) throws IOException {
        out.write(request);
        var status = Integer.parseInt(readLine().split(" ", 3)[1]);
        var length = 0;
        for (var line = readLine(); !line.isEmpty(); line = readLine()) {
            if (line.regionMatches(true, 0, "content-length:", 0, 15)) {
                length = Integer.parseInt(line.substring(15).strip());
            }
        }
        return new Answer(status, new String(in.readNBytes(length), StandardCharsets.UTF_8));
    }

    /// Sends and waits for the first byte after the head.
    void firstByteOfBody(byte[] request) throws IOException {
        out.write(request);
        var head = readLine();
        while (!head.isEmpty()) {
            head = readLine();
        }
        if (in.read() < 0) {
            throw new IOException("Expected a body, but the connection ended");
        }
    }

    /// Sends and counts events until the stream ends, or so many artifact updates were seen and the connection
    /// is quiet.
    int events(byte[] request, int enough) throws IOException {
        out.write(request);
        var events = 0;
        for (var line = readLine(); ; line = readLine()) {
            if (line.startsWith("data:")) {
                events += line.contains("rtifact") ? 1 : 0;
                if (events >= enough && line.contains("completed")) {
                    return events;
                }
            }
        }
    }

    private String readLine() throws IOException {
        var line = new StringBuilder(64);
        for (int next = in.read(); next != '\n'; next = in.read()) {
            if (next < 0) {
                throw new IOException("Expected an answer, but the connection ended");
            }
            if (next != '\r') {
                line.append((char) next);
            }
        }
        return line.toString();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }

    record Answer(int status, String body) {}
}
