package ai.molecule.platform.backend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// What whoever runs the platform lets agents have of the machine.
///
/// @param roots the directories below which one may be mounted
/// @param privileged true when agents may be privileged
public record HostRules(List<Path> roots, boolean privileged) {

    /// Nothing at all.
    public static final HostRules NOTHING = new HostRules(List.of(), false);

    public HostRules {
        roots = List.copyOf(roots);
    }

    /// Why an agent cannot have what somebody wants for it; empty when it can. The answer holds for now only: a
    /// directory may be replaced by a link to another one.
    public Optional<String> objection(HostAccess wanted) {
        if (wanted.privileged() && !privileged) {
            return Optional.of(
                    "Expected no \"privileged\" workspace, because ALLOW_PRIVILEGED_WORKSPACES is not on here");
        }
        return wanted.directory().isEmpty() ? Optional.empty() : objection(Path.of(wanted.directory()));
    }

    private Optional<String> objection(Path directory) {
        if (roots.stream().noneMatch(directory::startsWith)) {
            return Optional.of("Expected \"workspace_dir\" below one of the directories of WORKSPACE_ROOTS " + roots
                    + ", but found " + directory);
        }
        try {
            if (!directory.toRealPath().equals(directory)) {
                return Optional.of("Expected \"workspace_dir\" without symbolic links, but " + directory + " is "
                        + directory.toRealPath());
            }
            return Files.isDirectory(directory)
                    ? Optional.empty()
                    : Optional.of("Expected \"workspace_dir\" to be a directory, but found the file " + directory);
        } catch (NoSuchFileException none) {
            return Optional.of("Expected \"workspace_dir\" to exist, but the platform sees no " + directory);
        } catch (IOException unreadable) {
            return Optional.of("Expected to look at \"workspace_dir\", but: " + unreadable);
        }
    }
}
