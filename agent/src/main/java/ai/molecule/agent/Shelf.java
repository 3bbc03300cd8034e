package ai.molecule.agent;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Optional;

/// Texts by key, one file each, that nobody else may read. Durable: written whole or not at all. Bounded: of too many
/// the one that rested longest is forgotten.
public final class Shelf {

    private static final int KEPT_MAX = 1000;

    private final Path directory;

    /// @param directory made where it is missing
    public Shelf(Path directory) {
        this.directory = directory;
    }

    /// The text of a key.
    public Optional<String> of(String key) throws IOException {
        var file = file(key);
        return Files.exists(file) ? Optional.of(Files.readString(file)) : Optional.empty();
    }

    /// True when there is a text of a key.
    public boolean has(String key) {
        return Files.exists(file(key));
    }

    /// Keeps a text.
    public void keep(String key, String text) throws IOException {
        Files.createDirectories(
                directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        var next = Files.createTempFile(directory, "next", ".json");
        Files.writeString(next, text);
        var file = file(key);
        var another = !Files.exists(file);
        Files.move(next, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        if (another) {
            forgetOldest();
        }
    }

    /// Forgets the text of a key.
    public void forget(String key) throws IOException {
        Files.deleteIfExists(file(key));
    }

    private record Aged(Path file, long at) {}

    private void forgetOldest() throws IOException {
        try (var files = Files.list(directory)) {
            var all = files.map(file -> new Aged(file, file.toFile().lastModified()))
                    .sorted(Comparator.comparingLong(Aged::at))
                    .toList();
            for (var oldest : all.subList(0, Math.max(0, all.size() - KEPT_MAX))) {
                Files.deleteIfExists(oldest.file());
            }
        }
    }

    /// Keys are the callers' words: what names a file is a hash of them.
    private Path file(String key) {
        try {
            var hash = MessageDigest.getInstance("SHA-256").digest(key.getBytes(StandardCharsets.UTF_8));
            return directory.resolve(HexFormat.of().formatHex(hash) + ".json");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
