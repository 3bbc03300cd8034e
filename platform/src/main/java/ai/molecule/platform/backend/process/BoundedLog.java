package ai.molecule.platform.backend.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/// What an agent writes, kept in two files that together never grow beyond a bound.
final class BoundedLog {

    static final int BYTES_MAX = 1 << 20;
    private static final int LINE_LENGTH_MAX = 4096;

    private final Path file;
    private final Path before;

    BoundedLog(Path file) {
        this.file = file;
        this.before = file.resolveSibling(file.getFileName() + ".1");
    }

    /// Copies a process's output line by line until it ends.
    void pump(InputStream output) throws IOException {
        try (var reader = new BufferedReader(new InputStreamReader(output, StandardCharsets.UTF_8))) {
            for (var line = nextLine(reader); !line.isEmpty(); line = nextLine(reader)) {
                append(line);
            }
        }
    }

    /// The last lines, oldest first.
    List<String> tail(int lines) {
        var all = new ArrayList<String>();
        for (var part : List.of(before, file)) {
            try {
                all.addAll(Files.readString(part).lines().toList());
            } catch (NoSuchFileException nothingYet) {
                // The agent has not written so much yet.
            } catch (IOException unreadable) {
                all.add("(log not readable: " + unreadable.getMessage() + ")");
            }
        }
        return List.copyOf(all.subList(Math.max(0, all.size() - lines), all.size()));
    }

    /// How much was written, for [#since]: the file's length, and how much is older than it.
    record Mark(long length, long turns) {}

    /// What came after a mark.
    record More(List<String> lines, Mark mark) {}

    /// Where the log ends now.
    Mark mark() throws IOException {
        return new Mark(Files.exists(file) ? Files.size(file) : 0, turns());
    }

    /// The lines that were written since; after a turn of the file, those that are in the new one.
    More since(Mark mark) throws IOException {
        var now = mark();
        var from = now.turns() == mark.turns() ? Math.min(mark.length(), now.length()) : 0;
        if (now.length() <= from) {
            return new More(List.of(), now);
        }
        try (var channel = Files.newByteChannel(file)) {
            channel.position(from);
            var buffer = ByteBuffer.allocate((int) (now.length() - from));
            while (buffer.hasRemaining() && channel.read(buffer) >= 0) {
                // Reads until all of it is there.
            }
            var text = new String(buffer.array(), 0, buffer.position(), StandardCharsets.UTF_8);
            return new More(text.lines().toList(), now);
        }
    }

    /// A number that changes when the file is turned.
    private long turns() throws IOException {
        return Files.exists(before) ? Files.getLastModifiedTime(before).toMillis() : 0;
    }

    private void append(String line) throws IOException {
        if (Files.exists(file) && Files.size(file) > BYTES_MAX / 2) {
            Files.move(file, before, StandardCopyOption.REPLACE_EXISTING);
        }
        Files.writeString(file, line, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }

    /// One line with its end, or as much of a longer one as is kept at once; empty at the end.
    private static String nextLine(BufferedReader reader) throws IOException {
        var line = new StringBuilder();
        for (int next = reader.read(); next >= 0; next = reader.read()) {
            line.append((char) next);
            if (next == '\n' || line.length() >= LINE_LENGTH_MAX) {
                break;
            }
        }
        return line.toString();
    }
}
