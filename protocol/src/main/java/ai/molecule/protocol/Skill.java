package ai.molecule.protocol;

import java.util.List;

/// Something an agent knows how to do, as a file `SKILL.md` says: front matter between lines of `---`, then what the
/// agent is told.
///
/// @param id its directory
/// @param runtime the only runtime it is for; empty for any
/// @param body what the agent is told
public record Skill(
        String id,
        String name,
        String description,
        List<String> tags,
        List<String> examples,
        String runtime,
        String body) {

    public Skill {
        tags = List.copyOf(tags);
        examples = List.copyOf(examples);
    }

    /// True for an agent that is made of a runtime.
    public boolean fits(String other) {
        return runtime.isEmpty() || runtime.replace('_', '-').equals(other);
    }
}
