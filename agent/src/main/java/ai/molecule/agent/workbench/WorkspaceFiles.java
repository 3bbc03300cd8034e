package ai.molecule.agent.workbench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.SecureDirectoryStream;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/// The files of a workspace's directory, as texts. Whatever is put into the directory, no path leads out of it:
/// every step is taken from the directory before it, and no link is followed.
final class WorkspaceFiles {

    /// How much of a file is read at once, in bytes.
    static final int READ_MAX = 64 * 1024;

    /// How long a file may be that is written or edited, in bytes.
    static final int WRITE_MAX = 1024 * 1024;

    private static final int ENTRIES_MAX = 1000;
    private static final int DEPTH_MAX = 32;

    private final Path root;

    /// @param root the directory; made where it is missing
    WorkspaceFiles(Path root) {
        this.root = root;
    }

    /// What is wrong with a request, in words for who made it.
    static final class RefusedException extends Exception {
        private static final long serialVersionUID = 1L;

        RefusedException(String message) {
            super(message);
        }
    }

    /// The names of what is in a directory, directories with a slash, sorted; at most a thousand.
    String list(String path) throws IOException, RefusedException {
        var steps = steps(path);
        try (var directory = open(steps)) {
            var names = new ArrayList<String>();
            for (var entry : directory) {
                var name = entry.getFileName();
                var kind = directory
                        .getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                        .readAttributes();
                names.add(name + (kind.isDirectory() ? "/" : kind.isSymbolicLink() ? "@" : "  " + kind.size()));
            }
            var more = Math.max(0, names.size() - ENTRIES_MAX);
            var shown = names.stream().sorted().limit(ENTRIES_MAX).toList();
            return (shown.isEmpty() ? "(empty)" : String.join("\n", shown))
                    + (more == 0 ? "" : "\n(and " + more + " more)");
        }
    }

    /// A file's text from a byte on.
    String read(String path, long from) throws IOException, RefusedException {
        try (var directory = open(parent(path));
                var file = channel(directory, name(path), Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
            file.position(Math.min(Math.max(0, from), file.size()));
            var start = file.position();
            var bytes = ByteBuffer.allocate(READ_MAX);
            while (bytes.hasRemaining() && file.read(bytes) >= 0) {
                // Until there is no more, or no room.
            }
            var skipped = start == 0 ? 0 : inCharacter(bytes);
            var whole = text(bytes, skipped, file.position() < file.size());
            var rest = file.size() - start - skipped - whole.getBytes(StandardCharsets.UTF_8).length;
            return rest > 0
                    ? whole + "\n(" + rest + " bytes more; go on from byte " + (file.size() - rest) + ")"
                    : whole;
        }
    }

    /// Writes a file, and the directories that lead to it; it is there whole or as it was.
    void write(String path, String text) throws IOException, RefusedException {
        var bytes = text.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > WRITE_MAX) {
            throw new RefusedException("expected at most " + WRITE_MAX + " bytes");
        }
        make(parent(path));
        try (var directory = open(parent(path))) {
            var name = name(path);
            if (kind(directory, name) == Kind.OTHER) {
                throw new RefusedException(path + " is no file");
            }
            var mode = mode(directory, name);
            var beside = Path.of("." + UUID.randomUUID() + ".part");
            try {
                try (var file = directory.newByteChannel(
                        beside,
                        Set.of(StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW, LinkOption.NOFOLLOW_LINKS),
                        PosixFilePermissions.asFileAttribute(mode))) {
                    var left = ByteBuffer.wrap(bytes);
                    while (left.hasRemaining()) {
                        file.write(left);
                    }
                }
                directory.move(beside, directory, name);
            } catch (IOException failed) {
                try {
                    directory.deleteFile(beside);
                } catch (NoSuchFileException never) {
                    // It was not made.
                }
                throw failed;
            }
        }
    }

    /// Puts a text in the place of another one that is there exactly once.
    void edit(String path, String before, String after) throws IOException, RefusedException {
        String text;
        try (var directory = open(parent(path));
                var file = channel(directory, name(path), Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS))) {
            if (file.size() > WRITE_MAX) {
                throw new RefusedException("expected a file of at most " + WRITE_MAX + " bytes");
            }
            var bytes = ByteBuffer.allocate((int) file.size());
            while (bytes.hasRemaining() && file.read(bytes) >= 0) {
                // Until there is no more.
            }
            text = text(bytes, 0, false);
        }
        var at = before.isEmpty() ? -1 : text.indexOf(before);
        if (at < 0) {
            throw new RefusedException("expected a text that is in the file");
        }
        if (text.indexOf(before, at + 1) >= 0) {
            throw new RefusedException("expected a text that is in the file once, but it is there again");
        }
        write(path, text.substring(0, at) + after + text.substring(at + before.length()));
    }

    /// How many bytes at the beginning belong to a character that began before (RFC 3629).
    private static int inCharacter(ByteBuffer bytes) {
        var count = 0;
        while (count < 3 && count < bytes.position() && (bytes.get(count) & 0xC0) == 0x80) {
            count++;
        }
        return count;
    }

    /// @param cut true where a character may be cut at the end
    private static String text(ByteBuffer bytes, int from, boolean cut) throws RefusedException {
        var length = bytes.position() - from;
        for (int less = 0; less <= (cut ? 3 : 0); less++) {
            try {
                return StandardCharsets.UTF_8
                        .newDecoder()
                        .decode(bytes.slice(from, Math.max(0, length - less)))
                        .toString();
            } catch (CharacterCodingException notYet) {
                // A character may be cut.
            }
        }
        throw new RefusedException("this file is no text");
    }

    private static List<Path> parent(String path) throws RefusedException {
        var steps = steps(path);
        if (steps.isEmpty()) {
            throw new RefusedException("expected a path of a file, but found " + path);
        }
        return steps.subList(0, steps.size() - 1);
    }

    private static Path name(String path) throws RefusedException {
        return steps(path).getLast();
    }

    /// The names on a path; both relative to the directory and below it as it is called itself.
    private static List<Path> steps(String path) throws RefusedException {
        if (path.indexOf('\0') >= 0 || path.length() > 1000) {
            throw new RefusedException("expected a path of at most 1000 characters");
        }
        var all = new ArrayList<Path>();
        for (var step : path.split("/", -1)) {
            switch (step) {
                case "", "." -> {}
                case ".." -> throw new RefusedException("expected a path without .., but found " + path);
                default -> all.add(Path.of(step));
            }
        }
        if (all.size() > DEPTH_MAX) {
            throw new RefusedException("expected at most " + DEPTH_MAX + " directories, but found " + path);
        }
        return all;
    }

    // Whoever opens closes.
    @SuppressWarnings("StreamResourceLeak")
    private SecureDirectoryStream<Path> open(List<Path> steps) throws IOException, RefusedException {
        Files.createDirectories(root);
        var here = secure(Files.newDirectoryStream(root));
        for (var step : steps) {
            var before = here;
            try (before) {
                here = before.newDirectoryStream(step, LinkOption.NOFOLLOW_LINKS);
            } catch (IOException no) {
                throw new RefusedException("there is no directory " + step);
            }
        }
        return here;
    }

    private static SecureDirectoryStream<Path> secure(DirectoryStream<Path> stream) throws IOException {
        if (stream instanceof SecureDirectoryStream<Path> secure) {
            return secure;
        }
        stream.close();
        throw new IOException("this system cannot keep files in a directory");
    }

    private void make(List<Path> steps) throws IOException, RefusedException {
        for (int deep = 1; deep <= steps.size(); deep++) {
            try (var above = open(steps.subList(0, deep - 1))) {
                var step = steps.get(deep - 1);
                if (kind(above, step) == Kind.NOTHING) {
                    // Java makes no directory below an open one: this one is made by its path, and entered by
                    // its name.
                    Files.createDirectory(steps.subList(0, deep).stream().reduce(root, Path::resolve));
                }
            }
        }
    }

    /// What may be done with a file stays; a new one is everybody's to read.
    private static Set<PosixFilePermission> mode(SecureDirectoryStream<Path> directory, Path name) throws IOException {
        try {
            return directory
                    .getFileAttributeView(name, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                    .readAttributes()
                    .permissions();
        } catch (NoSuchFileException fresh) {
            return PosixFilePermissions.fromString("rw-r--r--");
        }
    }

    private enum Kind {
        NOTHING,
        FILE,
        OTHER
    }

    private static Kind kind(SecureDirectoryStream<Path> directory, Path name) throws IOException {
        try {
            var attributes = directory
                    .getFileAttributeView(name, BasicFileAttributeView.class, LinkOption.NOFOLLOW_LINKS)
                    .readAttributes();
            return attributes.isRegularFile() ? Kind.FILE : Kind.OTHER;
        } catch (NoSuchFileException nothing) {
            return Kind.NOTHING;
        }
    }

    /// A regular file: others, such as pipes, could keep whoever reads them waiting.
    private static SeekableByteChannel channel(
            SecureDirectoryStream<Path> directory, Path name, Set<? extends OpenOption> how)
            throws IOException, RefusedException {
        return switch (kind(directory, name)) {
            case NOTHING -> throw new RefusedException("there is no file " + name);
            case OTHER -> throw new RefusedException(name + " is no file");
            case FILE -> directory.newByteChannel(name, how);
        };
    }
}
