package ai.molecule.platform.backend;

/// What an agent gets of the machine it runs on beyond its own container: nothing, unless its operator says
/// otherwise and whoever runs the platform allows it (see [HostRules]).
///
/// @param directory a directory of the machine, mounted at `/workspace`; empty for none
/// @param readOnly true when the agent may only read it
/// @param privileged true for root with every right that the engine can give, which is root on the machine
public record HostAccess(String directory, boolean readOnly, boolean privileged) {

    public static final HostAccess NONE = new HostAccess("", false, false);

    /// True when it is no more than another.
    public boolean within(HostAccess other) {
        var reads = directory.isEmpty() || directory.equals(other.directory);
        var writes = directory.isEmpty() || readOnly || !other.readOnly;
        return reads && writes && (!privileged || other.privileged);
    }
}
