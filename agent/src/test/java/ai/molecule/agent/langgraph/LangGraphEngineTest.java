package ai.molecule.agent.langgraph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

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
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LangGraphEngineTest {

    private static final String KEY = "sk-the-right-one";

    @TempDir
    private Path state;

    private LlmEmulator emulator;
    private final Map<String, String> values = new HashMap<>();
    private final Map<String, String> files = new HashMap<>();
    private final TestTools tools = new TestTools();
    private final SpokenScript spoken = new SpokenScript();

    /// What the model says when it is to look at its answer.
    private volatile Function<Prompt, Reply> reflects = prompt -> Reply.Said.of("DONE");

    @BeforeEach
    void open() throws IOException {
        emulator = LlmEmulator.open("127.0.0.1", 0, KEY, this::answer);
        values.put("OPENAI_BASE_URL", emulator.openAiUrl().toString());
        values.put("OPENAI_API_KEY", KEY);
    }

    @AfterEach
    void close() {
        emulator.close();
    }

    private Reply answer(Prompt prompt) {
        var asked = prompt.asked();
        if (asked.startsWith("Look at your answer")) {
            return reflects.apply(prompt);
        }
        return asked.contains("Before you begin") ? Reply.Said.of("First this, then that") : spoken.answer(prompt);
    }

    private LangGraphEngine engine() {
        return new LangGraphEngine(
                new TestSurroundings(values, "Ada", "scripted", files, List.of()),
                HttpClient.newHttpClient(),
                state,
                tools);
    }

    private TestWork work(String text) throws Exception {
        return TestWork.of(engine(), "one", "t", text, text);
    }

    @Test
    void itPlansActsAndLooksAtWhatCameOfIt() throws Exception {
        var done = work("say one two three");
        assertThat(done.end()).isEqualTo("completed");
        assertThat(done.pieces()).as("as the model says them").containsExactly("one ", "two ", "three");
        assertThat(done.said()).containsExactly("plan: First this, then that");
        assertThat(done.usage().calls()).isEqualTo(3);
        var acting = emulator.prompts().get(1);
        assertThat(acting.turns().getFirst().text()).contains("Ada", "[plan] First this, then that");
        assertThat(acting.tools()).isNotEmpty();
        assertThat(emulator.prompts().getFirst().tools())
                .as("who plans, acts not")
                .isEmpty();
    }

    @Test
    void aConversationOutlivesTheProcessWithoutWhatWasThoughtAside() throws Exception {
        work("say hello");
        assertThat(work("first").text()).isEqualTo("say hello");
        assertThat(work("count").text()).as("with the one that says who it is").isEqualTo("6");
    }

    @Test
    void toolsAreCalledUntilThereIsAnAnswer() throws Exception {
        var done = work("call count {\"from\": 1}");
        assertThat(done.text()).isEqualTo("The tool answered: 1");
        assertThat(done.said()).contains("calls count");
        assertThat(tools.called()).hasSize(1);
        assertThat(work("loop count").end()).isEqualTo("failed: the model called tools 10 times without an answer");
        assertThat(work("count").text()).as("the turn that failed is not kept").isEqualTo("6");
    }

    @Test
    void anAnswerThatIsFoundWantingIsWrittenAnew() throws Exception {
        var looked = new AtomicInteger();
        reflects = prompt -> Reply.Said.of(looked.incrementAndGet() == 1 ? "AGAIN: it lacks a number" : "DONE");
        var done = work("say something");
        assertThat(done.end()).isEqualTo("completed");
        assertThat(done.said()).contains("reflect: AGAIN: it lacks a number");
        assertThat(done.text())
                .as("the first one is taken back")
                .isEqualTo("I heard: [Answer again, whole, with what you know now.]");
        var again = emulator.prompts().get(3);
        assertThat(again.turns().getFirst().text()).contains("[reflect] AGAIN: it lacks a number");
    }

    @Test
    void whoeverIsNeverContentIsHeardTwice() throws Exception {
        reflects = prompt -> Reply.Said.of("Again, please");
        var done = work("say something");
        assertThat(done.end()).isEqualTo("completed");
        assertThat(done.said()).contains("reflect: done, after 2 tries");
        assertThat(done.usage().calls()).isEqualTo(1 + 3 * 2);
    }

    @Test
    void whoeverIsKilledInTheMiddleGoesOnThere() throws Exception {
        var looked = new AtomicInteger();
        reflects = prompt -> {
            looked.incrementAndGet();
            return Reply.Said.of("DONE, I think that is all of it, really").slowly(Duration.ofSeconds(1));
        };
        var message = new Message("m", "one", "t", true, List.of("call count {}"));
        var first = new TestWork();
        var thread = Thread.ofVirtual().start(() -> {
            try {
                engine().work(message, first);
            } catch (Exception killed) {
                // As planned.
            }
        });
        await().until(() -> looked.get() == 1);
        thread.interrupt();
        thread.join();
        assertThat(first.end()).isEmpty();
        reflects = prompt -> Reply.Said.of("DONE");
        var asked = emulator.prompts().size();

        var next = new TestWork();
        engine().work(message, next);
        assertThat(next.end()).isEqualTo("completed");
        assertThat(next.said()).containsExactly("goes on where it was");
        assertThat(next.text()).isEqualTo("The tool answered: 1");
        assertThat(tools.called()).as("called once").hasSize(1);
        assertThat(emulator.prompts()).as("only what was left is asked").hasSize(asked + 1);

        var late = new TestWork();
        engine().work(message, late);
        assertThat(late.text()).as("the answer was lost on its way").isEqualTo("The tool answered: 1");
        assertThat(emulator.prompts()).hasSize(asked + 1);
        assertThat(work("count").text()).as("it is remembered once").isEqualTo("6");
    }

    @Test
    void aQuestionToPeopleOutlivesTheProcess() throws Exception {
        var asked = TestWork.of(engine(), "one", "task", "m", "call ask {}");
        assertThat(asked.end()).isEqualTo("asked: Waits for a person to decide: do it");
        assertThat(engine().waits("task", "one")).isTrue();
        assertThat(TestWork.of(engine(), "one", "task", "approval 1", "Approved")
                        .end())
                .as("what a message says is no decision")
                .startsWith("asked: ");
        for (var again = 0; again < 2; again++) {
            assertThat(TestWork.of(engine(), "one", "task", "m2", "say I said so")
                            .end())
                    .as("heard once")
                    .startsWith("asked: ");
        }
        assertThat(TestWork.of(engine(), "one", "other", "m3", "say meanwhile").end())
                .isEqualTo("completed");
        tools.decide("yes");
        var done = TestWork.of(engine(), "one", "task", "approval 1", "Approved");
        assertThat(done.end()).isEqualTo("completed");
        assertThat(done.text()).isEqualTo("I said so");
        assertThat(engine().waits("task", "one")).isFalse();
        assertThat(tools.called()).as("asked once").hasSize(1);
        assertThat(work("count").text())
                .as("both tasks are remembered: who it is, two, five, and this")
                .isEqualTo("9");
    }

    private void configure(String graph) {
        files.put("config.yaml", "graph:\n" + graph.indent(2));
    }

    @Test
    void theGraphIsTheConfigurations() throws Exception {
        configure("""
                start: draft
                steps:
                  draft: {kind: act, prompt: Write a letter., next: permit}
                  permit: {kind: ask, prompt: Send the letter, approved: end, denied: draft}
                """);
        var asked = TestWork.of(engine(), "one", "task", "m", "say dear friend");
        assertThat(asked.end()).isEqualTo("asked: Waits for a person to decide: do it");
        assertThat(asked.text()).isEqualTo("dear friend");
        assertThat(emulator.prompts().getFirst().turns().getFirst().text()).endsWith("Write a letter.");
        assertThat(tools.called().getFirst().name()).isEqualTo("request_approval");
        assertThat(tools.called().getFirst().arguments()).contains("Send the letter", "dear friend");
        tools.decide("{\"status\": \"denied\"}");
        var again = TestWork.of(engine(), "one", "task", "approval 1", "Denied");
        assertThat(again.end()).as("it is written again, and asked for again").startsWith("asked: ");
        assertThat(tools.called()).hasSize(2);
    }

    @Test
    void whoeverIsAllowedWhatAGraphAsksForGoesOn() throws Exception {
        configure("""
                start: permit
                steps:
                  permit: {kind: ask, prompt: Begin, approved: act, denied: end}
                  act: {kind: act, next: end}
                """);
        assertThat(TestWork.of(engine(), "one", "task", "m", "say begun").end()).startsWith("asked: ");
        tools.decide("{\"status\": \"approved\"}");
        var done = TestWork.of(engine(), "one", "task", "approval 1", "Approved");
        assertThat(done.end()).isEqualTo("completed");
        assertThat(done.text()).isEqualTo("begun");
        assertThat(done.closed()).isTrue();
    }

    @Test
    void whatIsToldBeforePeopleAreAskedIsToldOnce() throws Exception {
        configure("""
                start: write
                steps:
                  write: {kind: act, next: permit}
                  permit: {kind: ask, prompt: Send it, approved: end, denied: write}
                """);
        var engine = engine();
        var work = new TestWork();
        engine.work(new Message("m", "one", "task", true, List.of("say dear friend")), work);
        tools.decide("{\"status\": \"approved\"}");
        engine.work(new Message("approval 1", "one", "task", true, List.of("Approved")), work);
        assertThat(work.end()).isEqualTo("completed");
        assertThat(work.text()).isEqualTo("dear friend");
    }

    @Test
    void aGraphWithoutAnEndIsLeft() throws Exception {
        configure("""
                start: one
                limit: 7
                steps:
                  one: {kind: think, prompt: say one, next: two}
                  two: {kind: think, prompt: say two, next: one}
                """);
        assertThat(work("say hello").end()).isEqualTo("failed: the graph took 7 steps without an end");
    }

    @Test
    void aGraphWithFaultsIsNamedBeforeTheFirstMessage() throws Exception {
        configure("start: nowhere\nsteps: {a: {kind: act, next: end}}\n");
        assertThat(engine().trouble()).isEqualTo("graph.start: there is no step nowhere");
        assertThat(work("say hello").end()).isEqualTo("failed: graph.start: there is no step nowhere");
    }

    @Test
    void whatFailsSaysWhyAndLeavesTheConversationAsItWas() throws Exception {
        assertThat(work("fail 418").end()).contains("418", "Asked to fail", "scripted");
        assertThat(work("cut half an answ").end()).startsWith("failed: ").contains("broke off");
        assertThat(work("fail 418").end()).as("it begins anew").contains("418");
        values.remove("OPENAI_BASE_URL");
        values.remove("OPENAI_API_KEY");
        assertThat(engine().trouble()).contains("OPENAI_API_KEY");
        assertThat(work("say hello").end()).startsWith("failed: ").contains("OPENAI_API_KEY");
    }

    @Test
    void aConversationThatIsTooLongGoesOnFromASummary() throws Exception {
        work("say something long");
        var kept = work("forget");
        assertThat(kept.said()).contains("the conversation is too long for the model; it goes on from a summary");
        assertThat(kept.end()).isEqualTo("completed");
        assertThat(work("first").text()).startsWith("[Before this: I heard: Summarise");
    }
}
