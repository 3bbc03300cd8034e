package ai.molecule.agent.cli;

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
import java.nio.charset.StandardCharsets;
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

/// What every program behind the bridge does: the real one, with a model whose answers follow a script.
abstract class ProgramContract {

    static final String KEY = "sk-the-right-one";

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    @TempDir
    Path state;

    LlmEmulator emulator;
    final Map<String, String> values = new HashMap<>();
    final Map<String, String> own = new HashMap<>();
    final Map<String, String> files = new HashMap<>();
    final TestTools tools = new TestTools();

    abstract Cli cli();

    /// The variable that says where it is.
    abstract String variable();

    /// Where npm puts it, below `interop/node_modules`.
    abstract String place();

    /// The variable with its key.
    abstract String key();

    /// The variable with the server of its model, and that.
    abstract Map.Entry<String, String> server();

    /// How its model calls a tool of the agent's.
    abstract String called(String tool);

    /// How a turn ends whose model does the same again and again.
    String endOfALoop() {
        return "failed: ";
    }

    /// What tells in its command line that a process is it.
    abstract String mark();

    static String arch() {
        return System.getProperty("os.arch").equals("aarch64") ? "arm64" : "x64";
    }

    Path program() {
        return Path.of("../interop/node_modules", place()).toAbsolutePath().normalize();
    }

    @BeforeEach
    void open() throws IOException {
        assumeTrue(
                Files.isExecutable(program())
                        || System.getenv().getOrDefault("CI", "").length() > 0,
                cli().description() + " comes with npm --prefix interop ci");
        emulator = LlmEmulator.open("127.0.0.1", 0, KEY, new SpokenScript());
        own.put("PATH", System.getenv("PATH"));
        own.put(variable(), program().toString());
        values.put(key(), KEY);
        values.put(server().getKey(), server().getValue());
    }

    @AfterEach
    void close() {
        if (emulator != null) {
            emulator.close();
        }
    }

    CliEngine engine() {
        return new CliEngine(
                cli(), new TestSurroundings(values, "Ada", "scripted", files, List.of()), own, state, tools);
    }

    TestWork work(String text) throws Exception {
        return TestWork.of(engine(), "one", text);
    }

    @Test
    void wordsComeAsTheModelSaysThemAndWhatItTookIsTold() throws Exception {
        var kept = work("say one two three");
        assertThat(kept.end()).isEqualTo("completed");
        assertThat(kept.pieces()).containsExactly("one ", "two ", "three");
        assertThat(kept.closed()).isTrue();
        assertThat(kept.usage().model()).isEqualTo("scripted");
        assertThat(kept.usage().calls()).isEqualTo(1);
        assertThat(kept.usage().outputTokens()).isBetween(4L, 5L);
        assertThat(kept.usage().inputTokens()).isGreaterThan(4);
        assertThat(emulator.heard().getLast()).contains("You are Ada, counts things.");
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
        try (var all = Files.walk(state.resolve(cli().name()).resolve("home"))) {
            for (var file : all.filter(Files::isRegularFile).toList()) {
                Files.delete(file);
            }
        }
        var kept = work("first");
        assertThat(kept.text()).isEqualTo("first");
        assertThat(kept.said()).contains("its session is gone; it begins anew");
    }

    @Test
    void itCallsTheAgentsTools() throws Exception {
        var kept = work("call " + called("count") + " {\"what\":\"sheep\"}");
        assertThat(kept.end()).isEqualTo("completed");
        assertThat(kept.text()).startsWith("The tool answered: ").contains("1").doesNotContain("error");
        assertThat(kept.said()).contains("calls count");
        assertThat(kept.usage().calls()).isEqualTo(2);
        assertThat(tools.called()).singleElement().satisfies(call -> {
            assertThat(call.name()).isEqualTo("count");
            assertThat(call.arguments()).isEqualTo("{\"what\":\"sheep\"}");
        });
    }

    @Test
    void wordsAreWordsWhateverTheyBeginWith() throws Exception {
        for (var words : List.of("/help me", "/chat share " + state + "/taken.json", "!touch x", "@" + state)) {
            assertThat(work(words).text()).startsWith("I heard: ").endsWith(words);
        }
        assertThat(state.resolve("taken.json")).doesNotExist();
    }

    @Test
    void wordsOfAllLanguagesStayWhatTheyAre() throws Exception {
        assertThat(work("say grüße ✓ 你好").text()).isEqualTo("grüße ✓ 你好");
    }

    @Test
    void noProxyStandsBetweenItAndTheAgentsTools() throws Exception {
        for (var proxy : List.of("HTTP_PROXY", "HTTPS_PROXY", "http_proxy")) {
            own.put(proxy, "http://127.0.0.1:1");
        }
        assertThat(work("call " + called("count") + " {}").text()).contains("1");
        assertThat(tools.called()).hasSize(1);
    }

    @Test
    void itWaitsForAPersonAndGoesOnInItsSession() throws Exception {
        var asking = "call " + called("ask") + " {\"action\":\"do it\"}";
        assertThat(TestWork.of(engine(), "one", "task", "m", asking).end())
                .isEqualTo("asked: Waits for a person to decide: do it");
        assertThat(TestWork.of(engine(), "one", "task", "approval x", "decided").end())
                .as("not decided yet")
                .isEqualTo("asked: Waits for a person to decide: do it");
        tools.decide("{\"status\":\"approved\"}");
        var kept = TestWork.of(engine(), "one", "task", "approval x", "decided");
        assertThat(kept.end()).isEqualTo("completed");
        var last = emulator.prompts().getLast();
        assertThat(last.asked()).contains("do it", "\"status\":\"approved\"");
        assertThat(last.first()).as("the same session").contains(asking);
    }

    @Test
    void aModelThatFindsNoEndIsStopped() throws Exception {
        assertThat(work("loop " + called("count")).end()).startsWith(endOfALoop());
        assertThat(tools.called()).hasSizeBetween(3, Hearing.ROUNDS_MAX + 1);
    }

    @Test
    void whatIsMissingIsNamedBeforeTheFirstMessage() {
        assertThat(engine().trouble()).isEmpty();
        values.clear();
        own.put(variable(), "no-such-program");
        assertThat(engine().trouble()).contains("no-such-program", "npm install -g ", key());
    }

    @Test
    void whatWentWrongIsSaidWithoutTheKey() throws Exception {
        values.put(key(), "sk-quite-a-wrong-one");
        assertThat(work("say hello").end()).startsWith("failed: ").doesNotContain("sk-quite");
    }

    @Test
    void itIsAskedAgainWhenTheModelIsBusy() throws Exception {
        var kept = work("limit " + state);
        assertThat(kept.end()).isEqualTo("completed");
        assertThat(kept.text()).isEqualTo("not limited any more");
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
        await().atMost(PATIENCE).until(() -> kept.pieces().size() > 1);
        thread.interrupt();
        await().atMost(Duration.ofSeconds(5)).until(() -> !over.isEmpty());
        assertThat(over.getFirst()).isInstanceOf(InterruptedException.class);
        await().until(() -> ProcessHandle.current()
                .descendants()
                .noneMatch(child -> child.info().commandLine().orElse("").contains(mark())));
    }

    @Test
    void nothingOfItsRunIsLeft() throws Exception {
        work("say hello");
        try (var all = Files.walk(state)) {
            assertThat(all.filter(Files::isRegularFile))
                    .allSatisfy(file -> assertThat(new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
                            .as(file.toString())
                            .doesNotContain(KEY)
                            .doesNotContainPattern("Bearer [0-9a-f]{8}"));
        }
    }
}
