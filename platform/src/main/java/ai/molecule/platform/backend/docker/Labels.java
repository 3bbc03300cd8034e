package ai.molecule.platform.backend.docker;

import ai.molecule.platform.backend.HostAccess;
import ai.molecule.protocol.WorkspaceId;
import java.net.URI;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Names and labels by which the platform knows again what is its own, and only that.
///
/// @param platform the platform's own id, kept in its database
record Labels(UUID platform) {

    static final String PLATFORM = "ai.molecule.platform";
    static final String WORKSPACE = "ai.molecule.workspace";
    static final String GENERATION = "ai.molecule.generation";
    static final String URL = "ai.molecule.url";
    static final String AHEAD = "ai.molecule.ahead";
    static final String HOST_DIRECTORY = "ai.molecule.host-directory";
    static final String PRIVILEGED = "ai.molecule.privileged";
    static final String PART = "ai.molecule.part";

    private static final int SHORT_LENGTH = 6;

    /// The label that everything of this platform carries.
    Map<String, String> ours() {
        return Map.of(PLATFORM, platform.toString());
    }

    /// The labels of what belongs to the platform itself.
    Map<String, String> house(String part) {
        return Map.of(PLATFORM, platform.toString(), PART, part);
    }

    /// The labels of what belongs to a workspace for good: its network and volumes.
    Map<String, String> of(WorkspaceId workspace, String part) {
        return Map.of(PLATFORM, platform.toString(), WORKSPACE, workspace.toString(), PART, part);
    }

    /// The labels of a container.
    ///
    /// @param url how the platform calls what runs in it
    Map<String, String> of(WorkspaceId workspace, long generation, URI url) {
        var marks = new HashMap<>(filter(workspace));
        marks.put(URL, url.toString());
        marks.put(GENERATION, String.valueOf(generation));
        return marks;
    }

    /// The labels of what a container has of its machine; none where it has nothing.
    static Map<String, String> of(HostAccess host) {
        return host.equals(HostAccess.NONE)
                ? Map.of()
                : Map.of(HOST_DIRECTORY, host.directory(), PRIVILEGED, String.valueOf(host.privileged()));
    }

    /// What a container has of its machine.
    static HostAccess host(Map<String, String> labels) {
        return new HostAccess(
                labels.getOrDefault(HOST_DIRECTORY, ""),
                false,
                labels.getOrDefault(PRIVILEGED, "").equals("true"));
    }

    /// The filter for one workspace's things.
    Map<String, String> filter(WorkspaceId workspace) {
        return Map.of(PLATFORM, platform.toString(), WORKSPACE, workspace.toString());
    }

    /// Six hexadecimal digits for the platform, where a name must be short.
    String brief() {
        return HexFormat.of().toHexDigits(platform.getMostSignificantBits()).substring(0, SHORT_LENGTH);
    }

    static String name(WorkspaceId workspace, String part) {
        return "molecule-" + workspace + "-" + part;
    }

    static Optional<WorkspaceId> workspace(@Nullable Map<String, String> labels) {
        return labels == null ? Optional.empty() : WorkspaceId.parse(labels.getOrDefault(WORKSPACE, ""));
    }

    /// How the platform calls what runs in a container.
    static URI url(Map<String, String> labels) {
        return URI.create(labels.getOrDefault(URL, ""));
    }

    /// What a container was made of, where it was made ahead; empty for all others.
    static String ahead(@Nullable Map<String, String> labels) {
        return labels == null ? "" : labels.getOrDefault(AHEAD, "");
    }

    /// The generation, or -1 where none is said.
    static long generation(@Nullable Map<String, String> labels) {
        var text = labels == null ? "" : labels.getOrDefault(GENERATION, "");
        return text.matches("[0-9]{1,18}") ? Long.parseLong(text) : -1;
    }
}
