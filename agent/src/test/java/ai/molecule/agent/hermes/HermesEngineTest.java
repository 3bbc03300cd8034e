package ai.molecule.agent.hermes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ai.molecule.agent.Self;
import ai.molecule.agent.TestSurroundings;
import ai.molecule.agent.TestTools;
import ai.molecule.agent.TestWork;
import ai.molecule.llm.LlmEmulator;
import ai.molecule.llm.Prompt;
import ai.molecule.llm.Reply;
import ai.molecule.llm.SpokenScript;
import ai.molecule.protocol.Message;
import java.io.IOException;
import java.net.http.HttpClient;
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

class HermesEngineTest {

    private static final String KEY = "sk-the-right-one";

    @TempDir
    private Path state;

    private LlmEmulator emulator;
    private final Map<String, String> values = new HashMap<>();
    private final TestTools tools = new TestTools();
    private Self self = new Self("Ada", "counts things", "scripted", List.of());

    @BeforeEach
    void open() throws IOException {
        emulator = LlmEmulator.open("127.0.0.1", 0, KEY, new SpokenScript());
        values.put("OPENAI_BASE_URL", emulator.openAiUrl().toString());
        values.put("OPENAI_API_KEY", KEY);
    }

    @AfterEach
    void close() {
        emulator.close();
    }

    private HermesEngine engine() {
        return new HermesEngine(around(), HttpClient.newHttpClient(), state, tools);
    }

    private TestSurroundings around() {
        return new TestSurroundings(values, self.name(), self.model());
    }

    private static TestWork work(HermesEngine engine, String context, String text) throws Exception {
        return TestWork.of(engine, context, text);
    }

    private TestWork work(String text) throws Exception {
        return work(engine(), "one", text);
    }

    @Test
    void wordsComeAsTheModelSaysThemAndWhatItTookIsTold() throws Exception {
        var kept = work("say one two three");
        assertThat(kept.pieces()).containsExactly("one ", "two ", "three");
        assertThat(kept.closed()).isTrue();
        assertThat(kept.end()).isEqualTo("completed");
        assertThat(kept.usage().calls()).isEqualTo(1);
        assertThat(kept.usage().outputTokens()).isEqualTo(4);
        assertThat(kept.usage().inputTokens()).isGreaterThan(4);
        var system = emulator.prompts().getFirst().turns().getFirst();
        assertThat(system.role()).isEqualTo(Prompt.Role.SYSTEM);
        assertThat(system.text()).contains("Ada", "counts things");
    }

    @Test
    void aConversationOutlivesTheProcessAndIsItsContextsAlone() throws Exception {
        work("say hello");
        assertThat(work("first").text()).as("another life").isEqualTo("say hello");
        assertThat(work(engine(), "../two", "first").text())
                .as("another context")
                .isEqualTo("first");
    }

    @Test
    void toolsAreCalledUntilThereIsAnAnswer() throws Exception {
        var kept = work("call count {\"from\": 1}");
        assertThat(tools.called()).hasSize(1);
        assertThat(tools.called().getFirst().arguments()).isEqualTo("{\"from\": 1}");
        assertThat(kept.text()).isEqualTo("The tool answered: 1");
        assertThat(kept.said()).containsExactly("calls count");
        assertThat(kept.usage().calls()).isEqualTo(2);
        assertThat(work("count").text()).as("the next turn knows of the call").isEqualTo("6");
    }

    /// A server without function calling, and a model that knows the tags.
    private static Reply tagging(Prompt prompt) {
        if (!prompt.tools().isEmpty()) {
            return new Reply.Refused(
                    400, "invalid_request_error", "", "scripted does not support tools", Duration.ZERO);
        }
        var last = prompt.last().text();
        if (last.startsWith("<tool_response>")) {
            return Reply.Said.of("It said " + last.replaceAll("(?s).*\"content\":\"([^\"]*)\".*", "$1"));
        }
        return last.startsWith("call")
                ? Reply.Said.of(
                        "Let me see. <tool_call> {\"name\": \"count\", \"arguments\": {\"from\": 1}} </tool_call>")
                : Reply.Said.of("1 < 2 and a < b");
    }

    @Test
    void whereAServerHasNoFunctionCallingTheTagsOfHermesDo() throws Exception {
        try (var other = LlmEmulator.open("127.0.0.1", 0, KEY, HermesEngineTest::tagging)) {
            values.put("OPENAI_BASE_URL", other.openAiUrl().toString());
            var engine = engine();
            var kept = work(engine, "one", "call it");
            assertThat(kept.end()).isEqualTo("completed");
            assertThat(tools.called()).hasSize(1);
            assertThat(tools.called().getFirst().arguments()).isEqualTo("{\"from\":1}");
            assertThat(kept.text()).as("the call is not for people").isEqualTo("Let me see. It said 1");
            assertThat(other.prompts()).as("asked for function calling once").hasSize(3);
            assertThat(other.prompts().getLast().turns().getFirst().text()).contains("<tools>", "\"count\"");
            assertThat(work(engine, "one", "compare").text()).isEqualTo("1 < 2 and a < b");
            assertThat(other.prompts()).hasSize(4);
        }
    }

    @Test
    void whoeverCallsToolsWithoutEndIsStopped() throws Exception {
        assertThat(work("loop count").end()).isEqualTo("failed: the model called tools 10 times without an answer");
        assertThat(tools.called()).hasSize(10);
        assertThat(work("count").text()).as("the turn that failed is not kept").isEqualTo("2");
    }

    @Test
    void itWaitsAsLongAsItIsAskedTo() throws Exception {
        var kept = work("limit " + state);
        assertThat(kept.said()).containsExactly("the model asks for 1 s of patience (429)");
        assertThat(kept.end()).isEqualTo("completed");
    }

    @Test
    void whatIsMissingIsNamedBeforeTheFirstMessage() throws Exception {
        assertThat(engine().trouble()).isEmpty();
        values.clear();
        self = new Self("Ada", "", "", List.of());
        assertThat(engine().trouble()).contains("model", "OPENAI_API_KEY", "OPENAI_BASE_URL");
        assertThat(work("say hello").end()).startsWith("failed: ").contains("OPENAI_API_KEY");
        values.put("OPENAI_BASE_URL", "not a url");
        values.put("MODEL", "anthropic:claude");
        assertThat(engine().trouble()).contains("ANTHROPIC_API_KEY").doesNotContain("OPENAI");
        values.put("MODEL", "gpt-5");
        assertThat(engine().trouble()).contains("http://host").doesNotContain("ANTHROPIC");
    }

    @Test
    void aKeyThatIsRefusedIsNotQuoted() throws Exception {
        values.put("OPENAI_API_KEY", "sk-a-wrong-one");
        assertThat(work("say hello").end())
                .contains("OPENAI_API_KEY", "was refused")
                .doesNotContain("sk-");
    }

    @Test
    void whatFailsSaysWhyAndLeavesTheConversationAsItWas() throws Exception {
        assertThat(work("fail 418").end()).contains("418", "Asked to fail", "scripted");
        assertThat(work("cut half an answ").end()).startsWith("failed: ").contains("broke off");
        assertThat(work("nothing").end()).contains("said nothing");
        emulator.close();
        assertThat(work("say hello").end()).startsWith("failed: ");
        open();
        assertThat(work("count").text()).isEqualTo("2");
    }

    @Test
    void aConversationThatIsTooLongGoesOnFromASummary() throws Exception {
        work("say something long");
        var kept = work("forget");
        assertThat(kept.said())
                .containsExactly("the conversation is too long for the model; it goes on from a summary");
        assertThat(kept.end()).isEqualTo("completed");
        assertThat(kept.usage().calls()).isEqualTo(2);
        var asked = emulator.prompts().getLast().asked();
        assertThat(asked).startsWith("[Before this: I heard: Summarise").endsWith("]\nforget");
        assertThat(asked).contains("user: say something long", "you: something long");
    }

    @Test
    void aQuestionToPeopleOutlivesTheProcess() throws Exception {
        var asked = TestWork.of(engine(), "one", "task", "m", "call ask {}");
        assertThat(asked.end()).isEqualTo("asked: Waits for a person to decide: do it");
        assertThat(asked.text()).isEmpty();
        var next = engine();
        assertThat(next.waits("task", "one")).isTrue();
        assertThat(next.waits("another", "one")).isFalse();
        assertThat(TestWork.of(next, "one", "task", "approval 1", "Approved").end())
                .as("what a message says is no decision")
                .startsWith("asked: ");
        assertThat(TestWork.of(next, "one", "task", "m2", "say I said so").end())
                .startsWith("asked: ");
        work(next, "one", "say meanwhile");
        tools.decide("yes");
        var done = TestWork.of(engine(), "one", "task", "approval 1", "Approved");
        assertThat(done.end()).isEqualTo("completed");
        assertThat(done.text()).isEqualTo("I said so");
        var turns = emulator.prompts().getLast().turns();
        assertThat(turns.stream().map(Prompt.Turn::text))
                .containsSubsequence("say meanwhile", "meanwhile", "call ask {}", "yes", "say I said so")
                .noneMatch(text -> text.contains("waits_for_approval"));
        assertThat(tools.called()).as("asked once").hasSize(1);
        assertThat(engine().waits("task", "one")).isFalse();
        assertThat(work("count").text()).as("all of it is remembered").isEqualTo("9");
    }

    @Test
    void whoeverIsCanceledStopsInTheMiddle() throws Exception {
        var kept = new TestWork();
        var engine = engine();
        var over = new CopyOnWriteArrayList<Throwable>();
        var thread = Thread.ofVirtual().start(() -> {
            try {
                engine.work(new Message("m", "c", "t", true, List.of("slowly a b c d e f g h i j k l m n o p")), kept);
            } catch (Exception canceled) {
                over.add(canceled);
            }
        });
        await().until(() -> kept.pieces().size() > 1);
        thread.interrupt();
        await().atMost(Duration.ofSeconds(2)).until(() -> !over.isEmpty());
        assertThatThrownBy(() -> {
                    throw over.getFirst();
                })
                .isInstanceOf(InterruptedException.class);
        assertThat(kept.end()).isEmpty();
    }
}
