package ai.molecule.protocol;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/// Finds the data of server-sent events (WHATWG HTML, section 9.2) in bytes, however they were cut. Comments
/// and all other fields are passed over. Bounded: an event that does not end is refused.
public final class SseParser {

    /// The largest event that is read, in bytes.
    public static final int EVENT_BYTES_MAX = 16 * 1024 * 1024;

    private final Consumer<String> events;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream(0);
    private final StringBuilder data = new StringBuilder(0);
    private boolean any;
    private boolean afterReturn;

    /// @param events gets the data of each event when it is complete
    public SseParser(Consumer<String> events) {
        this.events = events;
    }

    /// Takes the next bytes of the stream.
    ///
    /// @throws TooLargeException when an event takes more than [#EVENT_BYTES_MAX]
    public void feed(ByteBuffer bytes) throws TooLargeException {
        while (bytes.hasRemaining()) {
            if (afterReturn && bytes.get(bytes.position()) == '\n') {
                bytes.get();
                afterReturn = false;
                continue;
            }
            afterReturn = false;
            var rest = lineEnd(bytes) - bytes.position();
            var piece = new byte[rest];
            bytes.get(piece);
            line.writeBytes(piece);
            checkSize(line.size());
            if (bytes.hasRemaining()) {
                afterReturn = bytes.get() == '\r';
                end(line.toString(StandardCharsets.UTF_8));
                line.reset();
            }
        }
    }

    /// Where the line ends that the position is in; the limit when its end is not there yet.
    private static int lineEnd(ByteBuffer bytes) {
        for (int i = bytes.position(); i < bytes.limit(); i++) {
            if (bytes.get(i) == '\n' || bytes.get(i) == '\r') {
                return i;
            }
        }
        return bytes.limit();
    }

    private void end(String text) throws TooLargeException {
        if (text.isEmpty()) {
            if (any) {
                events.accept(data.toString());
                data.setLength(0);
                data.trimToSize();
                any = false;
            }
        } else if (text.equals("data") || text.startsWith("data:")) {
            data.append(any ? "\n" : "").append(value(text));
            any = true;
            checkSize(data.length());
        }
    }

    private static String value(String line) {
        if (line.equals("data")) {
            return "";
        }
        return line.startsWith("data: ") ? line.substring(6) : line.substring(5);
    }

    private static void checkSize(int size) throws TooLargeException {
        if (size > EVENT_BYTES_MAX) {
            throw new TooLargeException();
        }
    }

    /// An event takes more than is read.
    public static final class TooLargeException extends Exception {
        private static final long serialVersionUID = 1L;

        TooLargeException() {
            super("Expected an event of at most " + EVENT_BYTES_MAX + " bytes");
        }
    }
}
