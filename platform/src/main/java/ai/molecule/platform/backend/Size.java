package ai.molecule.platform.backend;

/// How much of a machine an agent gets.
///
/// @param memoryMegabytes memory in MiB
/// @param cpus processors; may be a fraction
public record Size(int memoryMegabytes, double cpus) {}
