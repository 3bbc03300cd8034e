package ai.molecule.agent;

/// What an agent's workspace is, as the platform has it now.
///
/// @param model which model it thinks with, as `provider:model` or just the model; empty where nobody said
public record Self(String name, String role, String model) {

    /// What a model is told of itself; empty where nothing is known.
    public String introduction() {
        if (name.isEmpty()) {
            return "";
        }
        return "You are " + name + (role.isEmpty() ? "." : ", " + role + ".")
                + " You work in a team of agents. Be brief and exact.";
    }

    /// Nothing known yet.
    public static final Self UNKNOWN = new Self("", "", "");
}
