package ai.molecule.platform.admission;

import java.util.UUID;

/// A run at the door that a rule lets in.
///
/// @param subject who its identity token says it is, and which run; empty where it came with a key
/// @param key what it calls itself
record Visitor(UUID rule, String subject, String key) {}
