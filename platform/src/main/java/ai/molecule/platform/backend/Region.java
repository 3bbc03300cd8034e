package ai.molecule.platform.backend;

/// A place in the world where a backend runs agents.
///
/// @param code its word in `metadata.region`
/// @param name the city, for people
public record Region(String code, String name) {}
