package ai.molecule.platform.backend;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// What whoever runs the platform lets agents have of the machine.
///
/// A directory must lie directly in a root, not deeper: so none that an agent writes to is above another's, and
/// no agent can put a link to anywhere into another's way.
///
/// @param roots the directories in which those lie that may be mounted
/// @param privileged true when agents may be privileged
public record HostRules(List<Path> roots, boolean privileged) {

    /// Nothing at all.
    public static final HostRules NOTHING = new HostRules(List.of(), false);

    public HostRules {
        roots = List.copyOf(roots);
    }

    /// Why an agent cannot have what somebody wants for it; empty when it can.
    public Optional<String> objection(HostAccess wanted) {
        return forbidden(wanted)
                .or(() -> wanted.directory().isEmpty() ? Optional.empty() : unfit(Path.of(wanted.directory())));
    }

    /// Why an agent may not have something, wherever and whatever it is; empty when it may.
    public Optional<String> forbidden(HostAccess wanted) {
        if (wanted.privileged() && !privileged) {
            return Optional.of(
                    "Expected no \"privileged\" workspace, because ALLOW_PRIVILEGED_WORKSPACES is not on here");
        }
        return wanted.directory().isEmpty() || lies(wanted.directory())
                ? Optional.empty()
                : Optional.of("Expected \"workspace_dir\" directly in one of the directories of WORKSPACE_ROOTS "
                        + roots + ", but found " + wanted.directory());
    }

    private boolean lies(String directory) {
        try {
            var parent = Path.of(directory).getParent();
            return parent != null && roots.contains(parent);
        } catch (InvalidPathException notOnThisMachine) {
            return false;
        }
    }

    private static Optional<String> unfit(Path directory) {
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
