package ai.molecule.agent;

/// What an agent's workspace is, as the platform has it now.
///
/// @param model which model it thinks with, as `provider:model` or just the model; empty where nobody said
public record Self(String name, String role, String model) {

    /// Nothing known yet.
    public static final Self UNKNOWN = new Self("", "", "");
}
