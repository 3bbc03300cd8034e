package ai.molecule.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.genai.Client;
import com.google.genai.errors.ClientException;
import com.google.genai.types.Content;
import com.google.genai.types.FinishReason;
import com.google.genai.types.FunctionDeclaration;
import com.google.genai.types.GenerateContentConfig;
import com.google.genai.types.HttpOptions;
import com.google.genai.types.Part;
import com.google.genai.types.Schema;
import com.google.genai.types.Tool;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What Google's own client understands of what we say.
class GeminiContractTest {

    private static final String KEY = "AIza-emulated";

    private LlmEmulator emulator;
    private Client client;

    @BeforeEach
    void open() throws IOException {
        emulator = LlmEmulator.open("127.0.0.1", 0, KEY, new SpokenScript());
        client = client(KEY);
    }

    @AfterEach
    void close() {
        client.close();
        emulator.close();
    }

    private Client client(String key) {
        return Client.builder()
                .apiKey(key)
                .httpOptions(
                        HttpOptions.builder().baseUrl(emulator.url().toString()).build())
                .build();
    }

    private static final GenerateContentConfig CONFIG = GenerateContentConfig.builder()
            .systemInstruction(Content.fromParts(Part.fromText("Be brief")))
            .tools(Tool.builder()
                    .functionDeclarations(FunctionDeclaration.builder()
                            .name("weather")
                            .description("Tells the weather")
                            .parameters(Schema.builder()
                                    .type("OBJECT")
                                    .properties(Map.of(
                                            "city",
                                            Schema.builder().type("STRING").build()))
                                    .build())
                            .build())
                    .build())
            .build();

    @Test
    void anAnswerIsReadWhole() {
        var answer = client.models.generateContent("scripted", "say hello there", CONFIG);
        assertThat(answer.text()).isEqualTo("hello there");
        assertThat(answer.finishReason().knownEnum()).isEqualTo(FinishReason.Known.STOP);
        var usage = answer.usageMetadata().orElseThrow();
        assertThat(usage.candidatesTokenCount()).contains(3);
        assertThat(emulator.prompts().getLast().turns().getFirst())
                .isEqualTo(new Prompt.Turn(Prompt.Role.SYSTEM, "Be brief", List.of()));
        assertThat(emulator.prompts().getLast().model()).isEqualTo("scripted");
    }

    @Test
    void anAnswerIsReadPieceByPiece() {
        var pieces = new ArrayList<String>();
        try (var stream = client.models.generateContentStream("scripted", "say one two three", CONFIG)) {
            stream.forEach(chunk -> pieces.add(chunk.text()));
        }
        assertThat(pieces).containsExactly("one ", "two ", "three", "");
    }

    @Test
    void aFunctionIsCalledAndItsResultIsTold() {
        var asked = Content.builder()
                .role("user")
                .parts(Part.fromText("call weather {\"city\":\"Oslo\"}"))
                .build();
        var answer = client.models.generateContent("scripted", List.of(asked), CONFIG);
        var call = Objects.requireNonNull(answer.functionCalls()).getFirst();
        assertThat(call.name()).contains("weather");
        assertThat(call.args().orElseThrow()).containsEntry("city", "Oslo");
        var said = answer.candidates().orElseThrow().getFirst().content().orElseThrow();
        var result = Content.builder()
                .role("user")
                .parts(Part.fromFunctionResponse("weather", Map.of("output", "rain")))
                .build();
        assertThat(client.models
                        .generateContent("scripted", List.of(asked, said, result), CONFIG)
                        .text())
                .isEqualTo("The tool answered: rain");
        assertThat(emulator.prompts().getLast().tools()).containsExactly("weather");
    }

    @Test
    void refusalsAreTheProvidersOwn() {
        assertThatThrownBy(() -> client.models.generateContent("scripted", "fail 418", CONFIG))
                .isInstanceOf(ClientException.class)
                .hasMessageContaining("418")
                .hasMessageContaining("Asked to fail");
        try (var stranger = client("AIza-wrong")) {
            assertThatThrownBy(() -> stranger.models.generateContent("scripted", "say x", CONFIG))
                    .isInstanceOf(ClientException.class)
                    .hasMessageContaining("API key not valid");
        }
    }
}
