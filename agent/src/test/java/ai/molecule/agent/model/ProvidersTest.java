package ai.molecule.agent.model;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.agent.TestSurroundings;
import ai.molecule.agent.TestTools;
import ai.molecule.agent.TestWork;
import ai.molecule.agent.hermes.HermesEngine;
import ai.molecule.llm.LlmEmulator;
import ai.molecule.llm.Prompt;
import ai.molecule.llm.SpokenScript;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// What an engine does is the same, whichever provider's protocol its model is asked in.
class ProvidersTest {

    private static final String KEY = "sk-the-right-one";

    @TempDir
    private Path state;

    private LlmEmulator emulator;
    private final TestTools tools = new TestTools();
    private final Map<String, String> values = new HashMap<>();

    @BeforeEach
    void open() throws IOException {
        emulator = LlmEmulator.open("127.0.0.1", 0, KEY, new SpokenScript());
    }

    @AfterEach
    void close() {
        emulator.close();
    }

    private HermesEngine engine(Provider provider) {
        var base = provider == Provider.OPENAI ? emulator.openAiUrl() : emulator.url();
        values.put(provider.urlName(), base.toString());
        values.putIfAbsent(provider.keyName(), KEY);
        var around = new TestSurroundings(values, "Ada", provider.name().toLowerCase(Locale.ROOT) + ":scripted");
        return new HermesEngine(around, HttpClient.newHttpClient(), state, tools);
    }

    @ParameterizedTest
    @EnumSource
    void wordsComeAsTheModelSaysThemAndWhatItTookIsTold(Provider provider) throws Exception {
        var kept = TestWork.of(engine(provider), "one", "say one two three");
        assertThat(kept.pieces()).containsExactly("one ", "two ", "three");
        assertThat(kept.end()).isEqualTo("completed");
        assertThat(kept.usage().model()).isEqualTo("scripted");
        assertThat(kept.usage().outputTokens())
                .as("what it thought among it")
                .isEqualTo(provider == Provider.GEMINI ? 5 : 4);
        assertThat(kept.usage().inputTokens())
                .as("what the provider had kept among it")
                .isEqualTo(emulator.prompts().getLast().tokens());
        var system = emulator.prompts().getFirst().turns().getFirst();
        assertThat(system.role()).isEqualTo(Prompt.Role.SYSTEM);
        assertThat(system.text()).contains("Ada");
    }

    @ParameterizedTest
    @EnumSource
    void toolsAreCalledAndTheNextTurnAndProcessKnowsOfIt(Provider provider) throws Exception {
        var kept = TestWork.of(engine(provider), "one", "call count {\"from\":1}");
        assertThat(kept.text()).isEqualTo("The tool answered: 1");
        assertThat(tools.called().getFirst().arguments().replace(" ", "")).isEqualTo("{\"from\":1}");
        assertThat(kept.usage().calls()).isEqualTo(2);
        assertThat(TestWork.of(engine(provider), "one", "count").text()).isEqualTo("6");
    }

    @ParameterizedTest
    @EnumSource
    void aQuestionToPeopleOutlivesTheProcess(Provider provider) throws Exception {
        assertThat(TestWork.of(engine(provider), "one", "call ask {\"for\":1}").end())
                .startsWith("asked: Waits for a person");
        tools.decide("yes");
        var done = TestWork.of(engine(provider), "one", "t", "approval 1", "Approved");
        assertThat(done.text()).isEqualTo("The tool answered: yes");
    }

    @ParameterizedTest
    @EnumSource
    void itWaitsWhenAskedAndSaysWhatWentWrong(Provider provider) throws Exception {
        var engine = engine(provider);
        assertThat(TestWork.of(engine, "one", "limit " + provider).said())
                .containsExactly("the model asks for 1 s of patience (429)");
        assertThat(TestWork.of(engine, "one", "fail 418").end()).contains("418", "Asked to fail");
        assertThat(TestWork.of(engine, "one", "cut half an answ").end()).startsWith("failed: ");
        assertThat(TestWork.of(engine, "one", "trail off").end()).startsWith("failed: ");
        assertThat(TestWork.of(engine, "one", "loop count").end()).contains("10 times without an answer");
        values.put(provider.keyName(), "sk-a-wrong-one");
        assertThat(TestWork.of(engine(provider), "one", "say hello").end())
                .contains(provider.keyName(), "was refused")
                .doesNotContain("sk-");
    }

    @ParameterizedTest
    @EnumSource
    void aConversationThatIsTooLongGoesOnFromASummary(Provider provider) throws Exception {
        TestWork.of(engine(provider), "one", "say something long");
        var kept = TestWork.of(engine(provider), "one", "forget");
        assertThat(kept.end()).isEqualTo("completed");
        assertThat(kept.said())
                .containsExactly("the conversation is too long for the model; it goes on from a summary");
    }
}
