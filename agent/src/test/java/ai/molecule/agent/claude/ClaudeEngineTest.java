package ai.molecule.agent.claude;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.molecule.agent.TestSurroundings;
import ai.molecule.agent.TestTools;
import ai.molecule.agent.TestWork;
import ai.molecule.llm.LlmEmulator;
import ai.molecule.llm.SpokenScript;
import ai.molecule.protocol.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The real Claude Code, with a model whose answers follow a script.
class ClaudeEngineTest {

    private static final String KEY = "sk-ant-the-right-one";

    @TempDir
    private Path state;

    private LlmEmulator emulator;
    private final Map<String, String> values = new HashMap<>();
    private final Map<String, String> own = new HashMap<>();

    /// Where npm puts it.
    private static Path program() {
        var arch = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "x64";
        return Path.of("../interop/node_modules/@anthropic-ai/claude-code-linux-" + arch + "/claude")
                .toAbsolutePath()
                .normalize();
    }

    @BeforeEach
    void open() throws IOException {
        assumeTrue(
                Files.isExecutable(program())
                        || System.getenv().getOrDefault("CI", "").length() > 0,
                "Claude Code comes with npm --prefix interop ci");
        emulator = LlmEmulator.open("127.0.0.1", 0, KEY, new SpokenScript());
        own.put("PATH", System.getenv("PATH"));
        own.put("CLAUDE_PROGRAM", program().toString());
        values.put("ANTHROPIC_API_KEY", KEY);
        values.put("ANTHROPIC_BASE_URL", emulator.url().toString());
    }

    @AfterEach
    void close() {
        if (emulator != null) {
            emulator.close();
        }
    }

    private ClaudeEngine engine() {
        return new ClaudeEngine(new TestSurroundings(values, "Ada", "anthropic:scripted"), own, state, new TestTools());
    }

    private TestWork work(String text) throws Exception {
        return TestWork.of(engine(), "one", text);
    }

    private Path directory() {
        return state.resolve("claude/workspace");
    }

    @Test
    void wordsComeAsTheModelSaysThemAndWhatItTookIsTold() throws Exception {
        var kept = work("say one two three");
        assertThat(kept.end()).isEqualTo("completed");
        assertThat(kept.pieces()).containsExactly("one ", "two ", "three");
        assertThat(kept.closed()).isTrue();
        assertThat(kept.usage().model()).isEqualTo("scripted");
        assertThat(kept.usage().calls()).isEqualTo(1);
        assertThat(kept.usage().outputTokens()).isEqualTo(4);
        assertThat(kept.usage().inputTokens()).isGreaterThan(4);
        assertThat(emulator.prompts().getLast().turns().getFirst().text()).contains("You are Ada, counts things.");
    }

    @Test
    void aSessionOutlivesTheProcessAndIsItsContextsAlone() throws Exception {
        work("say hello");
        assertThat(work("first").text()).isEqualTo("say hello");
        assertThat(TestWork.of(engine(), "two", "first").text()).isEqualTo("first");
    }

    @Test
    void aSessionThatIsGoneIsBegunAnew() throws Exception {
        work("say hello");
        try (var files = Files.walk(state.resolve("claude/home/projects"))) {
            for (var file : files.filter(Files::isRegularFile).toList()) {
                Files.delete(file);
            }
        }
        var kept = work("first");
        assertThat(kept.text()).isEqualTo("first");
        assertThat(kept.said()).contains("its session is gone; it begins anew");
    }

    @Test
    void itHasTheToolsThatItWasGivenAndWorksInItsOwnDirectory() throws Exception {
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

    @Test
    void whatIsMissingIsNamedBeforeTheFirstMessage() {
        assertThat(engine().trouble()).isEmpty();
        values.clear();
        own.put("CLAUDE_PROGRAM", "no-such-program");
        assertThat(engine().trouble())
                .contains("no-such-program", "npm install -g @anthropic-ai/claude-code", "ANTHROPIC_API_KEY");
    }

    @Test
    void whatWentWrongIsSaidWithoutTheKey() throws Exception {
        values.put("ANTHROPIC_API_KEY", "sk-ant-a-wrong-one");
        assertThat(work("say hello").end()).startsWith("failed: ").doesNotContain("sk-ant");
    }

    @Test
    void itIsAskedAgainWhenTheModelIsBusy() throws Exception {
        var kept = work("limit " + state);
        assertThat(kept.end()).isEqualTo("completed");
        assertThat(kept.said()).contains("the model did not answer (429) and is asked again");
    }

    @Test
    void whoeverIsCanceledStopsInTheMiddle() throws Exception {
        var kept = new TestWork();
        var engine = engine();
        var over = new CopyOnWriteArrayList<Throwable>();
        var thread = Thread.ofVirtual().start(() -> {
            try {
                engine.work(new Message("m", "c", "t", true, List.of("slowly " + "word ".repeat(100))), kept);
            } catch (Exception canceled) {
                over.add(canceled);
            }
        });
        await().atMost(Duration.ofSeconds(20)).until(() -> kept.pieces().size() > 1);
        thread.interrupt();
        await().atMost(Duration.ofSeconds(5)).until(() -> !over.isEmpty());
        assertThat(over.getFirst()).isInstanceOf(InterruptedException.class);
        await().until(() -> ProcessHandle.current()
                .children()
                .noneMatch(child -> child.info()
                        .command()
                        .filter(command -> command.endsWith("/claude"))
                        .isPresent()));
    }
}
