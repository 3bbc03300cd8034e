package ai.molecule.platform;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// Programs of others' that agents are made of, as `npm --prefix interop ci` brings them.
final class TestPrograms {

    /// Where they are, for agents that run on this machine.
    static final Map<String, String> VARIABLES = Map.of(
            "CLAUDE_PROGRAM",
            place("@anthropic-ai/claude-code-linux-" + arch("x64", "arm64") + "/claude"),
            "GEMINI_PROGRAM",
            place(".bin/gemini"),
            "CODEX_PROGRAM",
            place("@openai/codex-linux-" + arch("x64", "arm64") + "/vendor/" + arch("x86_64", "aarch64")
                    + "-unknown-linux-musl/bin/codex"));

    private TestPrograms() {}

    /// Skips a test where they are missing, but for CI.
    static void assumeThere() {
        assumeTrue(
                VARIABLES.values().stream().allMatch(one -> Files.isExecutable(Path.of(one)))
                        || System.getenv().getOrDefault("CI", "").length() > 0,
                "Claude Code, Gemini CLI and Codex come with npm --prefix interop ci");
    }

    private static String place(String below) {
        return Path.of("../interop/node_modules", below)
                .toAbsolutePath()
                .normalize()
                .toString();
    }

    private static String arch(String amd64, String arm64) {
        return System.getProperty("os.arch").equals("aarch64") ? arm64 : amd64;
    }
}
