package ai.molecule.agent.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Files of one run, in a directory that nobody else enters, and that is gone after it.
final class Scratch implements AutoCloseable {

    private static final String PREFIX = "run-";

    private final Path directory;
    private final List<Path> files = new ArrayList<>();

    private Scratch(Path directory) {
        this.directory = directory;
    }

    /// Makes one below a directory.
    static Scratch below(Path directory) throws IOException {
        return new Scratch(Files.createTempDirectory(directory, PREFIX));
    }

    /// Removes what was left below a directory by whoever was ended in the middle.
    static void clear(Path directory) throws IOException {
        if (Files.isDirectory(directory)) {
            try (var left = Files.newDirectoryStream(directory, PREFIX + "*")) {
                for (var one : left) {
                    try (var files = Files.newDirectoryStream(one)) {
                        for (var file : files) {
                            Files.delete(file);
                        }
                    }
                    Files.delete(one);
                }
            }
        }
    }

    Path directory() {
        return directory;
    }

    Path file(String name, String content) throws IOException {
        var file = directory.resolve(name);
        files.add(file);
        return Files.write(file, content.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public void close() throws IOException {
        for (var file : files) {
            Files.deleteIfExists(file);
        }
        Files.deleteIfExists(directory);
    }
}
