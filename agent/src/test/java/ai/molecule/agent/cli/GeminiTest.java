package ai.molecule.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// The real Gemini CLI.
class GeminiTest extends ProgramContract {

    @Override
    Cli cli() {
        return new Gemini();
    }

    @Override
    String variable() {
        return "GEMINI_PROGRAM";
    }

    @Override
    String place() {
        return ".bin/gemini";
    }

    @Override
    String key() {
        return "GEMINI_API_KEY";
    }

    @Override
    Map.Entry<String, String> server() {
        return Map.entry("GEMINI_BASE_URL", emulator.url().toString());
    }

    @Override
    String called(String tool) {
        return "mcp_molecule_" + tool;
    }

    @Override
    String mark() {
        return "gemini";
    }

    /// It notices by itself, and has its model think again, which says something else then.
    @Override
    String endOfALoop() {
        return "completed";
    }

    @Test
    void ofItsOwnToolsItHasNoneAndSettingsOfWhoeverOwnsTheMachineAreNotRead() throws Exception {
        var trap = state.resolve("trap");
        var settings = "{\"mcpServers\":{\"trap\":{\"command\":\"touch\",\"args\":[\"" + trap + "\"]}},"
                + "\"tools\":{\"core\":[\"run_shell_command\"]}}";
        for (var place : List.of("workspace/.gemini", "gemini/home/.gemini", ".gemini")) {
            Files.createDirectories(state.resolve(place));
            Files.writeString(state.resolve(place).resolve("settings.json"), settings);
        }
        Files.writeString(
                state.resolve(".env"), "GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:1\nHTTPS_PROXY=http://127.0.0.1:1\n");
        assertThat(work("say hello").end()).isEqualTo("completed");
        assertThat(trap).doesNotExist();
        assertThat(emulator.prompts().getLast().tools())
                .containsExactlyInAnyOrder("mcp_molecule_count", "mcp_molecule_ask");
    }
}
