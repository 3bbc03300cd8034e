package ai.molecule.agent;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class InstructionsTest {

    private final Map<String, String> files = new HashMap<>();

    private String told(String name, List<Self.Peer> peers) {
        return new TestSurroundings(Map.of(), name, "", files, peers).instructions("hermes");
    }

    @Test
    void theyAreWhoItIsItsPromptsItsSkillsAndItsColleaguesInThisOrder() {
        files.put("system-prompt.md", "Be kind.");
        files.put("skills/adding/SKILL.md", "---\nname: Adding\ndescription: Sums\n---\nCarry the one.");
        files.put("skills/other/SKILL.md", "---\nname: Other\nruntime: claude-code\n---\nNot for you.");
        var told = told("Ada", List.of(new Self.Peer("an-id", "Bob", "writes")));
        assertThat(told)
                .containsSubsequence(
                        "You are Ada, counts things.",
                        "Be kind.",
                        "# Skill: Adding",
                        "Sums",
                        "Carry the one.",
                        "# Your colleagues",
                        "- Bob, writes (workspace_id an-id)",
                        "never make up")
                .doesNotContain("Not for you");
    }

    @Test
    void whereNothingIsKnownNothingIsTold() {
        assertThat(told("", List.of())).isEmpty();
        files.put("config.yaml", "name: Configured\n");
        assertThat(told("", List.of())).startsWith("You are Configured, counts things.");
    }

    @Test
    void whatHasNoRoomIsLeftOut() {
        files.put("system-prompt.md", "x".repeat(Instructions.LENGTH_MAX));
        assertThat(told("Ada", List.of()))
                .hasSizeLessThan(Instructions.LENGTH_MAX)
                .startsWith("You are Ada");
    }

    @Test
    void whatIsMissingIsNamed() {
        files.put("config.yaml", "env: {required: [A_KEY, {any_of: [B_KEY, C_KEY]}]}\n");
        var around = new TestSurroundings(Map.of("C_KEY", "c"), "Ada", "", files, List.of());
        assertThat(around.missing()).isEqualTo("A_KEY: expected this secret, as config.yaml says");
    }
}
