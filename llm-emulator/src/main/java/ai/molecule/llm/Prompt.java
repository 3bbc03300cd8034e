package ai.molecule.llm;

import java.util.List;
import java.util.Optional;

/// What a model is asked, whichever provider's words it came in.
///
/// @param tools the names of those it may call
public record Prompt(String model, List<Turn> turns, List<String> tools) {

    public Prompt {
        turns = List.copyOf(turns);
        tools = List.copyOf(tools);
    }

    /// Who said something.
    public enum Role {
        SYSTEM,
        USER,
        ASSISTANT,
        TOOL
    }

    /// Something said.
    ///
    /// @param calls the tools that the model called with it
    public record Turn(Role role, String text, List<String> calls) {
        public Turn {
            calls = List.copyOf(calls);
        }
    }

    /// The last thing said.
    public Turn last() {
        return turns.getLast();
    }

    /// What a person said first.
    public Optional<String> first() {
        return turns.stream()
                .filter(turn -> turn.role() == Role.USER)
                .map(Turn::text)
                .findFirst();
    }

    /// What a person said last.
    public String asked() {
        return turns.reversed().stream()
                .filter(turn -> turn.role() == Role.USER)
                .map(Turn::text)
                .findFirst()
                .orElse("");
    }

    /// About how many tokens it is: four characters each.
    public int tokens() {
        return turns.stream().mapToInt(turn -> Reply.tokens(turn.text())).sum();
    }
}
