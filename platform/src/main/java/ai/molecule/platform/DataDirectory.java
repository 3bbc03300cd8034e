package ai.molecule.platform;

import ai.molecule.platform.store.PrivateFiles;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.Optional;

/// The directory where one platform keeps everything. Its lock is held while the platform runs and ends with the
/// process, however that ends.
final class DataDirectory implements AutoCloseable {

    private final Path path;
    private final FileChannel channel;
    private final FileLock lock;

    private DataDirectory(Path path, FileChannel channel, FileLock lock) {
        this.path = path;
        this.channel = channel;
        this.lock = lock;
    }

    /// Opens the directory, making it where it is missing.
    ///
    /// @throws InUseException when another platform runs on it, naming that one
    static DataDirectory open(Path wanted) throws IOException, InUseException {
        var path = wanted.toAbsolutePath().normalize();
        Files.createDirectories(
                path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        var file = path.resolve("platform.lock");
        var channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        var lock = tryLock(channel);
        if (lock == null) {
            channel.close();
            throw new InUseException(path, read(path.resolve("platform.pid")).orElse("another process"));
        }
        Files.writeString(
                path.resolve("platform.pid"),
                "process " + ProcessHandle.current().pid());
        return new DataDirectory(path, channel, lock);
    }

    Path path() {
        return path;
    }

    Path postgres() {
        return path.resolve("postgres");
    }

    /// Notes where this platform answers, for a second one that wants the same directory.
    void announce(String url) throws IOException {
        Files.writeString(
                path.resolve("platform.pid"),
                "process " + ProcessHandle.current().pid() + ", " + url);
    }

    /// A secret from its file (mode 0600), made where it is missing.
    String secret(String name) throws IOException {
        var file = path.resolve(name);
        var kept = read(file);
        if (kept.isPresent()) {
            return kept.get();
        }
        var bytes = new byte[32];
        new SecureRandom().nextBytes(bytes);
        var made = Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
        PrivateFiles.write(file, made);
        return made;
    }

    @Override
    public void close() throws IOException {
        lock.release();
        channel.close();
    }

    private static @org.jspecify.annotations.Nullable FileLock tryLock(FileChannel channel) throws IOException {
        try {
            return channel.tryLock();
        } catch (OverlappingFileLockException sameProcess) {
            return null;
        }
    }

    private static Optional<String> read(Path file) throws IOException {
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        var text = Files.readString(file).strip();
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }

    /// Another platform holds the directory.
    static final class InUseException extends Exception {
        private static final long serialVersionUID = 1L;

        InUseException(Path path, String holder) {
            super("Expected " + path + " to be free, but a platform runs on it already: " + holder);
        }
    }
}
