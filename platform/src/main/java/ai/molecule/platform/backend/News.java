package ai.molecule.platform.backend;

import ai.molecule.protocol.WorkspaceId;

/// What a backend tells of an agent without being asked.
public sealed interface News {

    WorkspaceId workspace();

    /// The start it is about.
    long generation();

    /// An agent ended that nobody stopped.
    ///
    /// @param how what is known of it, for people: an exit code, a signal, the last line it wrote
    record Death(WorkspaceId workspace, long generation, String how) implements News {}

    /// The backend's own health check of a living agent changed its mind.
    ///
    /// @param well false while the check fails
    /// @param detail what the check said, for people
    record Health(WorkspaceId workspace, long generation, boolean well, String detail) implements News {}

    /// A start came further.
    ///
    /// @param step what is being done, for people: `pulling 40 %`, `creating`, `starting`
    record Step(WorkspaceId workspace, long generation, String step) implements News {}
}
