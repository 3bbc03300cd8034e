package ai.molecule.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.errors.BadRequestException;
import com.openai.errors.RateLimitException;
import com.openai.errors.UnauthorizedException;
import com.openai.helpers.ResponseAccumulator;
import com.openai.models.responses.FunctionTool;
import com.openai.models.responses.ResponseCreateParams;
import com.openai.models.responses.ResponseInputItem;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What the provider's own client understands of what we say as its Responses.
class ResponsesContractTest {

    private static final String KEY = "sk-emulated";

    private LlmEmulator emulator;
    private OpenAIClient client;

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

    private OpenAIClient client(String key) {
        return OpenAIOkHttpClient.builder()
                .baseUrl(emulator.openAiUrl().toString())
                .apiKey(key)
                .maxRetries(0)
                .build();
    }

    private static ResponseCreateParams.Builder asking(String text) {
        return ResponseCreateParams.builder().model("scripted").input(text);
    }

    private static FunctionTool weather() {
        return FunctionTool.builder()
                .name("weather")
                .description("Tells the weather")
                .parameters(FunctionTool.Parameters.builder()
                        .putAdditionalProperty("type", JsonValue.from("object"))
                        .putAdditionalProperty("properties", JsonValue.from(Map.of("city", Map.of("type", "string"))))
                        .build())
                .strict(false)
                .build();
    }

    @Test
    void anAnswerIsReadWhole() {
        var answer = client.responses().create(asking("say hello there").build());
        assertThat(answer.output()
                        .getFirst()
                        .asMessage()
                        .content()
                        .getFirst()
                        .asOutputText()
                        .text())
                .isEqualTo("hello there");
        assertThat(answer.status().orElseThrow().asString()).isEqualTo("completed");
        var usage = answer.usage().orElseThrow();
        assertThat(usage.totalTokens()).isEqualTo(usage.inputTokens() + usage.outputTokens());
        assertThat(usage.outputTokens()).isEqualTo(3);
    }

    @Test
    void anAnswerIsReadPieceByPiece() {
        var accumulator = ResponseAccumulator.create();
        var pieces = new ArrayList<String>();
        try (var stream =
                client.responses().createStreaming(asking("say one two three").build())) {
            stream.stream()
                    .peek(accumulator::accumulate)
                    .forEach(event -> event.outputTextDelta().ifPresent(delta -> pieces.add(delta.delta())));
        }
        assertThat(pieces).containsExactly("one ", "two ", "three");
        var whole = accumulator.response();
        assertThat(whole.usage().orElseThrow().outputTokens()).isEqualTo(4);
        assertThat(whole.output()
                        .getFirst()
                        .asMessage()
                        .content()
                        .getFirst()
                        .asOutputText()
                        .text())
                .isEqualTo("one two three");
    }

    @Test
    void aToolIsCalledAndAnswered() {
        var called = client.responses()
                .create(asking("call weather {\"city\":\"Bonn\"}")
                        .addTool(weather())
                        .build());
        var call = called.output().getFirst().asFunctionCall();
        assertThat(call.name()).isEqualTo("weather");
        assertThat(call.arguments()).isEqualTo("{\"city\":\"Bonn\"}");
        var said = ResponseInputItem.ofMessage(ResponseInputItem.Message.builder()
                .role(ResponseInputItem.Message.Role.USER)
                .addInputTextContent("call weather {\"city\":\"Bonn\"}")
                .build());
        var told = ResponseInputItem.ofFunctionCallOutput(ResponseInputItem.FunctionCallOutput.builder()
                .callId(call.callId())
                .output("sunny")
                .build());
        var answered = client.responses()
                .create(ResponseCreateParams.builder()
                        .model("scripted")
                        .inputOfResponse(List.of(said, ResponseInputItem.ofFunctionCall(call), told))
                        .addTool(weather())
                        .build());
        assertThat(answered.output()
                        .getFirst()
                        .asMessage()
                        .content()
                        .getFirst()
                        .asOutputText()
                        .text())
                .isEqualTo("The tool answered: sunny");
        assertThatThrownBy(() -> client.responses()
                        .create(ResponseCreateParams.builder()
                                .model("scripted")
                                .inputOfResponse(List.of(said, told))
                                .build()))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining("No tool call found");
        assertThatThrownBy(() -> client.responses()
                        .create(ResponseCreateParams.builder()
                                .model("scripted")
                                .inputOfResponse(List.of(said, ResponseInputItem.ofFunctionCall(call)))
                                .build()))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining("No tool output found");
    }

    @Test
    void itRefusesAsTheProviderDoes() {
        assertThatThrownBy(() -> client("sk-wrong")
                        .responses()
                        .create(asking("say hello").build()))
                .isInstanceOf(UnauthorizedException.class);
        assertThatThrownBy(() -> client.responses().create(asking("limit this").build()))
                .isInstanceOfSatisfying(
                        RateLimitException.class,
                        limited -> assertThat(limited.headers().values("retry-after"))
                                .containsExactly("1"));
    }
}
