package ai.molecule.agent.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProviderTest {

    @ParameterizedTest
    @CsvSource({
        "gpt-5, '', OPENAI, gpt-5",
        "openai:gpt-5, '', OPENAI, gpt-5",
        "anthropic:claude-x, '', ANTHROPIC, claude-x",
        "claude-x, '', ANTHROPIC, claude-x",
        "claude-x, http://proxy/v1, OPENAI, claude-x",
        "anthropic/claude-x, '', OPENAI, anthropic/claude-x",
        "gemini:gemini-x, http://proxy/v1, GEMINI, gemini-x",
        "gemini-x, '', GEMINI, gemini-x",
        "llama3:8b, http://ollama/v1, OPENAI, llama3:8b",
    })
    void aModelSaysWhoseItIs(String model, String openAiUrl, Provider provider, String bare) {
        assertThat(Provider.of(model, Map.of("OPENAI_BASE_URL", openAiUrl))).isEqualTo(provider);
        assertThat(Provider.bare(model)).isEqualTo(bare);
    }

    @ParameterizedTest
    @CsvSource({
        "OPENAI, '', https://api.openai.com/v1",
        "OPENAI, http://here:1/v1/, http://here:1/v1",
        "ANTHROPIC, '', https://api.anthropic.com/v1/",
        "ANTHROPIC, http://here:1, http://here:1/v1/",
        "ANTHROPIC, http://here:1/v1, http://here:1/v1/",
        "GEMINI, '', https://generativelanguage.googleapis.com/v1beta",
        "GEMINI, http://here:1/, http://here:1/v1beta",
    })
    void anAddressIsTakenAsItsOwnProgramsTakeIt(Provider provider, String set, String url) {
        assertThat(provider.url(set)).isEqualTo(url);
    }
}
