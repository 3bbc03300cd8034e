package ai.molecule.llm;

/// Decides what a model answers.
@FunctionalInterface
public interface Script {

    /// What follows a prompt.
    Reply answer(Prompt prompt);
}
