package ai.molecule.platform.access;

import ai.molecule.protocol.WorkspaceId;
import java.time.Instant;

/// A workspace that was, and when it ended; what a refusal with the reason `workspace_removed` shows.
public record Gone(WorkspaceId id, Instant removedAt) {}
