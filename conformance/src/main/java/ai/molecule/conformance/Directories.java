package ai.molecule.conformance;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// Directories that were made for a while.
final class Directories {

    private Directories() {}

    /// Deletes one with all that is in it, as far as that can be done.
    static void delete(Path directory) {
        if (!Files.exists(directory)) {
            return;
        }
        try (var files = Files.walk(directory)) {
            for (var file : files.toList().reversed()) {
                Files.deleteIfExists(file);
            }
        } catch (IOException | UncheckedIOException left) {
            System.err.println("left behind: " + directory + " (" + left.getMessage() + ")");
        }
    }
}
