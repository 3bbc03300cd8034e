package ai.molecule.platform.backend;

import ai.molecule.protocol.WorkspaceId;

/// An agent ended that nobody stopped.
///
/// @param how what is known of it, for people: an exit code, a signal, the last line it wrote
public record Death(WorkspaceId workspace, long generation, String how) {}
