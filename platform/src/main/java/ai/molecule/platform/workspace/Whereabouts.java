package ai.molecule.platform.workspace;

/// Where a workspace's agent runs, or ran last.
///
/// @param instance what its backend calls it: a container's id, a machine with its version, a process; empty
/// before the first start, and for external ones
/// @param region where in the world that is; empty where the backend knows no regions
public record Whereabouts(String instance, String region) {

    static final Whereabouts UNKNOWN = new Whereabouts("", "");
}
