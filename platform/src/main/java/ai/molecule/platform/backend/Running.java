package ai.molecule.platform.backend;

import ai.molecule.protocol.WorkspaceId;

/// An agent that a backend sees running.
public record Running(WorkspaceId workspace, long generation, String handle) {}
