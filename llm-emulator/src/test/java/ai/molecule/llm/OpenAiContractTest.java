package ai.molecule.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.errors.BadRequestException;
import com.openai.errors.RateLimitException;
import com.openai.errors.UnauthorizedException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What the provider's own client understands of what we say.
class OpenAiContractTest {

    private static final String KEY = "sk-emulated";

    private LlmEmulator emulator;
    private OpenAIClient client;

    @BeforeEach
    void open() throws IOException {
        emulator = LlmEmulator.open("127.0.0.1", 0, KEY, new SpokenScript());
        client = client(KEY, 0);
    }

    @AfterEach
    void close() {
        client.close();
        emulator.close();
    }

    private OpenAIClient client(String key, int retries) {
        return OpenAIOkHttpClient.builder()
                .baseUrl(emulator.openAiUrl().toString())
                .apiKey(key)
                .maxRetries(retries)
                .build();
    }

    private static ChatCompletionCreateParams.Builder asking(String text) {
        return ChatCompletionCreateParams.builder().model("scripted").addUserMessage(text);
    }

    private static ChatCompletionCreateParams.Builder withTool(String text) {
        return asking(text)
                .addFunctionTool(FunctionDefinition.builder()
                        .name("weather")
                        .description("Tells the weather")
                        .parameters(FunctionParameters.builder()
                                .putAdditionalProperty("type", JsonValue.from("object"))
                                .putAdditionalProperty(
                                        "properties", JsonValue.from(Map.of("city", Map.of("type", "string"))))
                                .build())
                        .build());
    }

    @Test
    void anAnswerIsReadWhole() {
        var answer =
                client.chat().completions().create(asking("say hello there").build());
        answer.validate();
        assertThat(answer.choices().getFirst().message().content()).contains("hello there");
        assertThat(answer.choices().getFirst().finishReason().asString()).isEqualTo("stop");
        var usage = answer.usage().orElseThrow();
        assertThat(usage.totalTokens()).isEqualTo(usage.promptTokens() + usage.completionTokens());
        assertThat(usage.completionTokens()).isEqualTo(3);
    }

    @Test
    void anAnswerIsReadPieceByPiece() {
        var accumulator = ChatCompletionAccumulator.create();
        var pieces = new ArrayList<String>();
        try (var stream = client.chat()
                .completions()
                .createStreaming(asking("say one two three")
                        .streamOptions(ChatCompletionStreamOptions.builder()
                                .includeUsage(true)
                                .build())
                        .build())) {
            stream.stream().map(ChatCompletionChunk::validate).forEach(chunk -> {
                accumulator.accumulate(chunk);
                chunk.choices().forEach(choice -> choice.delta().content().ifPresent(pieces::add));
            });
        }
        assertThat(pieces).containsExactly("", "one ", "two ", "three");
        var whole = accumulator.chatCompletion();
        assertThat(whole.choices().getFirst().message().content()).contains("one two three");
        assertThat(whole.usage().orElseThrow().completionTokens()).isEqualTo(4);
    }

    @Test
    void aToolIsCalledAndItsResultIsTold() {
        var first = withTool("call weather {\"city\":\"Oslo\"}");
        var answer = client.chat().completions().create(first.build());
        answer.validate();
        var message = answer.choices().getFirst().message();
        var call = message.toolCalls().orElseThrow().getFirst().asFunction();
        assertThat(call.function().name()).isEqualTo("weather");
        assertThat(call.function().arguments()).isEqualTo("{\"city\":\"Oslo\"}");
        var second = first.addMessage(message)
                .addMessage(ChatCompletionToolMessageParam.builder()
                        .toolCallId(call.id())
                        .content("rain")
                        .build());
        assertThat(client.chat()
                        .completions()
                        .create(second.build())
                        .choices()
                        .getFirst()
                        .message()
                        .content())
                .contains("The tool answered: rain");
        assertThat(emulator.prompts().getLast().tools()).containsExactly("weather");
    }

    @Test
    void aToolCallIsReadPieceByPiece() {
        var accumulator = ChatCompletionAccumulator.create();
        try (var stream = client.chat()
                .completions()
                .createStreaming(withTool("call weather {\"city\":\"Oslo\"}").build())) {
            stream.stream().map(ChatCompletionChunk::validate).forEach(accumulator::accumulate);
        }
        var call = accumulator
                .chatCompletion()
                .choices()
                .getFirst()
                .message()
                .toolCalls()
                .orElseThrow()
                .getFirst()
                .asFunction();
        assertThat(call.function().arguments()).isEqualTo("{\"city\":\"Oslo\"}");
    }

    @Test
    void refusalsAreTheProvidersOwn() {
        var stranger = client("sk-wrong", 0);
        assertThatThrownBy(() ->
                        stranger.chat().completions().create(asking("say x").build()))
                .isInstanceOf(UnauthorizedException.class)
                .hasMessageContaining("Incorrect API key");
        stranger.close();
        assertThatThrownBy(() ->
                        client.chat().completions().create(asking("limit a").build()))
                .isInstanceOf(RateLimitException.class);
        assertThatThrownBy(() -> client.chat()
                        .completions()
                        .create(asking("x")
                                .addMessage(ChatCompletionToolMessageParam.builder()
                                        .toolCallId("call_nobody_made")
                                        .content("x")
                                        .build())
                                .build()))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining("tool_calls");
        assertThatThrownBy(() -> client.chat()
                        .completions()
                        .create(asking("a")
                                .addAssistantMessage("b")
                                .addUserMessage("forget")
                                .build()))
                .isInstanceOfSatisfying(
                        BadRequestException.class,
                        refused -> assertThat(refused.code()).contains("context_length_exceeded"));
    }

    @Test
    void whoeverIsAskedToWaitAndDoesIsServed() {
        var patient = client(KEY, 1);
        assertThat(patient.chat()
                        .completions()
                        .create(asking("limit b").build())
                        .choices()
                        .getFirst()
                        .message()
                        .content())
                .contains("not limited any more");
        patient.close();
    }

    @Test
    void modelsAreListed() {
        assertThat(client.models().list().data())
                .extracting(model -> model.id())
                .isEqualTo(List.of("scripted"));
    }
}
