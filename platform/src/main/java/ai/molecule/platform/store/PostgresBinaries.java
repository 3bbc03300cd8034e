package ai.molecule.platform.store;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HexFormat;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/// The PostgreSQL programs that come on the class path as one archive, unpacked once per version.
final class PostgresBinaries {

    private static final String ARCHIVE = "/postgres-linux-x86_64.txz";

    private PostgresBinaries() {}

    /// Unpacks into a directory named after the archive's size, or finds it there; whole or not at all.
    static Path unpack(Path home) throws IOException {
        var resource = PostgresBinaries.class.getResource(ARCHIVE);
        if (resource == null) {
            throw new IOException("Expected the PostgreSQL programs on the class path as " + ARCHIVE + " for "
                    + System.getProperty("os.name") + "/" + System.getProperty("os.arch")
                    + "; set DATABASE_URL to use a server of your own");
        }
        var size = resource.openConnection().getContentLengthLong();
        var target = home.resolve("programs-" + HexFormat.of().toHexDigits((int) size));
        if (Files.isDirectory(target)) {
            return target;
        }
        var making = Files.createTempDirectory(home, "programs.making");
        try (var archive = resource.openStream();
                var tar = new TarArchiveInputStream(new XZCompressorInputStream(archive))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                place(making, entry, tar);
            }
        }
        Files.setPosixFilePermissions(making, PosixFilePermissions.fromString("rwxr-xr-x"));
        try {
            Files.move(making, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (java.nio.file.FileSystemException raced) {
            if (!Files.isDirectory(target)) {
                throw raced;
            }
        }
        return target;
    }

    private static void place(Path root, TarArchiveEntry entry, InputStream content) throws IOException {
        var path = root.resolve(entry.getName()).normalize();
        if (!path.startsWith(root)) {
            throw new IOException("Expected a path inside the archive, but found " + entry.getName());
        }
        if (entry.isDirectory()) {
            Files.createDirectories(path);
            return;
        }
        Files.createDirectories(path.resolveSibling("."));
        if (entry.isSymbolicLink()) {
            Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
        } else {
            Files.copy(content, path, StandardCopyOption.REPLACE_EXISTING);
            if (!Files.isSymbolicLink(path) && Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
                var mode = (entry.getMode() & 0100) != 0 ? "rwxr-xr-x" : "rw-r--r--";
                Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
            }
        }
    }
}
