package ai.molecule.protocol;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// Reads the data of server-sent events (WHATWG HTML, section 9.2), however the bytes were cut. Comments and
/// all other
/// fields are passed over. Bounded: an event that does not end is refused.
public final class SseReader {

    /// The largest event that is read, in bytes.
    public static final int EVENT_BYTES_MAX = 16 * 1024 * 1024;

    private static final int PIECE = 8 * 1024;

    private final InputStream in;
    private final Runnable sound;
    private byte[] buffer = new byte[0];
    private int position;
    private int end;
    private boolean afterReturn;

    /// @param sound is called whenever bytes came
    public SseReader(InputStream in, Runnable sound) {
        this.in = in;
        this.sound = sound;
    }

    /// The data of the next event, waiting for it; empty at the end of the stream. An event that the end cuts
    /// off does
    /// not count.
    ///
    /// @throws TooLargeException when an event takes more than [#EVENT_BYTES_MAX]
    public Optional<String> next() throws IOException {
        var data = new StringBuilder();
        var any = false;
        for (var line = line(); line.isPresent(); line = line()) {
            var text = line.get();
            if (text.isEmpty()) {
                if (any) {
                    return Optional.of(data.toString());
                }
            } else if (text.startsWith("data")) {
                var value = value(text);
                if (value.isPresent()) {
                    data.append(any ? "\n" : "").append(value.get());
                    any = true;
                    checkSize(data.length());
                }
            }
        }
        return Optional.empty();
    }

    /// True when a whole line is at hand already.
    public boolean buffered() {
        for (int i = position; i < end; i++) {
            if (buffer[i] == '\n' || buffer[i] == '\r') {
                return true;
            }
        }
        return false;
    }

    private static Optional<String> value(String line) {
        if (line.equals("data")) {
            return Optional.of("");
        }
        if (!line.startsWith("data:")) {
            return Optional.empty();
        }
        return Optional.of(line.startsWith("data: ") ? line.substring(6) : line.substring(5));
    }

    /// A line ends with a line feed, a carriage return, or both.
    private Optional<String> line() throws IOException {
        var line = new ByteArrayOutputStream(256);
        while (true) {
            if (position == end && !fill()) {
                return Optional.empty();
            }
            if (afterReturn && buffer[position] == '\n') {
                position++;
                afterReturn = false;
                continue;
            }
            afterReturn = false;
            var from = position;
            while (position < end && buffer[position] != '\n' && buffer[position] != '\r') {
                position++;
            }
            line.write(buffer, from, position - from);
            checkSize(line.size());
            if (position < end) {
                afterReturn = buffer[position++] == '\r';
                return Optional.of(line.toString(StandardCharsets.UTF_8));
            }
        }
    }

    private boolean fill() throws IOException {
        if (buffer.length == 0) {
            buffer = new byte[PIECE];
        }
        var count = in.read(buffer, 0, buffer.length);
        if (count < 0) {
            return false;
        }
        sound.run();
        position = 0;
        end = count;
        return true;
    }

    private static void checkSize(int size) throws TooLargeException {
        if (size > EVENT_BYTES_MAX) {
            throw new TooLargeException();
        }
    }

    /// An event takes more than is read.
    public static final class TooLargeException extends IOException {
        private static final long serialVersionUID = 1L;

        TooLargeException() {
            super("Expected an event of at most " + EVENT_BYTES_MAX + " bytes");
        }
    }
}
