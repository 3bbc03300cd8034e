package ai.molecule.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// The real Claude Code.
class ClaudeTest extends ProgramContract {

    @Override
    Cli cli() {
        return new Claude();
    }

    @Override
    String variable() {
        return "CLAUDE_PROGRAM";
    }

    @Override
    String place() {
        return "@anthropic-ai/claude-code-linux-" + arch() + "/claude";
    }

    @Override
    String key() {
        return "ANTHROPIC_API_KEY";
    }

    @Override
    Map.Entry<String, String> server() {
        return Map.entry("ANTHROPIC_BASE_URL", emulator.url().toString());
    }

    @Override
    String called(String tool) {
        return "mcp__molecule__" + tool;
    }

    @Override
    String mark() {
        return "/claude --print";
    }

    private Path directory() {
        return state.resolve("workspace");
    }

    @Test
    void itSaysThatTheModelIsBusy() throws Exception {
        assertThat(work("limit " + state).said()).contains("the model did not answer (429) and is asked again");
    }

    @Test
    void ofItsOwnToolsItHasNoneUnlessWhoeverRunsTheAgentSaysSo() throws Exception {
        work("say hello");
        assertThat(emulator.prompts().getLast().tools())
                .containsExactlyInAnyOrder("mcp__molecule__count", "mcp__molecule__ask");
    }

    @Test
    void itHasTheToolsThatItWasGivenAndWorksInItsOwnDirectory() throws Exception {
        own.put("CLAUDE_TOOLS", "Read,Write,Edit,Glob,Grep");
        var file = directory().resolve("note-" + state.getFileName() + ".txt");
        var wrote = work("call Write {\"file_path\":\"" + file + "\",\"content\":\"kept\"}");
        assertThat(wrote.end()).isEqualTo("completed");
        assertThat(wrote.said()).contains("calls Write");
        assertThat(file).content().isEqualTo("kept");
        Files.delete(file);
        var outside = state.resolve("outside.txt");
        work("call Write {\"file_path\":\"" + outside + "\",\"content\":\"not mine\"}");
        assertThat(outside).doesNotExist();
        Files.writeString(outside, "a secret of the agent's");
        for (var reading : List.of(
                "call Read {\"file_path\":\"" + outside + "\"}",
                "call Grep {\"pattern\":\"secret\",\"path\":\"" + state + "\",\"output_mode\":\"content\"}")) {
            assertThat(work(reading).text())
                    .as(reading)
                    .startsWith("The tool answered: ")
                    .containsIgnoringCase("permission")
                    .doesNotContain("a secret of");
        }
        assertThat(work("say @" + outside).end()).isEqualTo("completed");
        assertThat(emulator.heard()).as("a path in a message").noneMatch(body -> body.contains("a secret of the"));
        Files.delete(outside);
        values.put("CLAUDE_TOOLS", "Bash");
        var shell = work("call Bash {\"command\":\"touch " + outside + "\",\"description\":\"x\"}");
        assertThat(shell.text()).contains("No such tool");
        assertThat(outside).doesNotExist();
        assertThat(emulator.prompts().getLast().tools()).contains("Write").doesNotContain("Bash", "WebFetch");
    }

    @Test
    void settingsOfWhoeverOwnsTheMachineAreNotRead() throws Exception {
        var trap = state.resolve("trap");
        var settings = "{\"hooks\":{\"SessionStart\":[{\"hooks\":[{\"type\":\"command\",\"command\":\"touch " + trap
                + "\"}]}]}}";
        for (var place : List.of(directory().resolve(".claude"), state.resolve("claude/home"))) {
            Files.createDirectories(place);
            Files.writeString(place.resolve("settings.json"), settings);
        }
        assertThat(work("say hello").end()).isEqualTo("completed");
        assertThat(trap).doesNotExist();
        Files.delete(directory().resolve(".claude/settings.json"));
    }
}
