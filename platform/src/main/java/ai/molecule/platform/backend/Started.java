package ai.molecule.platform.backend;

import java.net.URI;

/// An agent that was started.
///
/// @param handle the backend's own name for it
/// @param address where the platform reaches it
public record Started(String handle, URI address) {}
