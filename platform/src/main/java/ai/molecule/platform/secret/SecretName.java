package ai.molecule.platform.secret;

import java.time.Instant;

/// A secret as people see it: everything but its value.
///
/// @param global true when all workspaces get it
public record SecretName(String name, boolean global, Instant createdAt, Instant updatedAt) {}
