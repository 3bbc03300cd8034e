package ai.molecule.agent.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/// Files of one run, which nobody else reads, and which are gone after it.
final class Scratch implements AutoCloseable {

    private final Path directory;
    private final List<Path> files = new ArrayList<>();

    /// @param directory made where it is missing
    Scratch(Path directory) {
        this.directory = directory;
    }

    Path file(String name, String ending, String content) throws IOException {
        Files.createDirectories(directory);
        var file = Files.createTempFile(
                directory,
                name,
                ending,
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        files.add(file);
        return Files.write(file, content.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() throws IOException {
        for (var file : files) {
            Files.deleteIfExists(file);
        }
    }
}
