package ai.molecule.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.anthropic.client.AnthropicClient;
import com.anthropic.client.okhttp.AnthropicOkHttpClient;
import com.anthropic.core.JsonValue;
import com.anthropic.errors.BadRequestException;
import com.anthropic.errors.RateLimitException;
import com.anthropic.errors.UnauthorizedException;
import com.anthropic.helpers.MessageAccumulator;
import com.anthropic.models.messages.ContentBlockParam;
import com.anthropic.models.messages.MessageCountTokensParams;
import com.anthropic.models.messages.MessageCreateParams;
import com.anthropic.models.messages.StopReason;
import com.anthropic.models.messages.Tool;
import com.anthropic.models.messages.ToolResultBlockParam;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What Anthropic's own client understands of what we say.
class AnthropicContractTest {

    private static final String KEY = "sk-ant-emulated";

    private LlmEmulator emulator;
    private AnthropicClient client;

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

    private AnthropicClient client(String key, int retries) {
        return AnthropicOkHttpClient.builder()
                .baseUrl(emulator.url().toString())
                .apiKey(key)
                .maxRetries(retries)
                .build();
    }

    private static MessageCreateParams.Builder asking(String text) {
        return MessageCreateParams.builder()
                .model("scripted")
                .maxTokens(1000)
                .system("Be brief")
                .addUserMessage(text);
    }

    private static MessageCreateParams.Builder withTool(String text) {
        return asking(text)
                .addTool(Tool.builder()
                        .name("weather")
                        .description("Tells the weather")
                        .inputSchema(Tool.InputSchema.builder()
                                .properties(Tool.InputSchema.Properties.builder()
                                        .putAdditionalProperty("city", JsonValue.from(Map.of("type", "string")))
                                        .build())
                                .build())
                        .build());
    }

    @Test
    void anAnswerIsReadWhole() {
        var answer = client.messages().create(asking("say hello there").build());
        answer.validate();
        assertThat(answer.content().getFirst().asText().text()).isEqualTo("hello there");
        assertThat(answer.stopReason()).contains(StopReason.END_TURN);
        assertThat(answer.usage().outputTokens()).isEqualTo(3);
        assertThat(emulator.prompts().getLast().turns().getFirst())
                .isEqualTo(new Prompt.Turn(Prompt.Role.SYSTEM, "Be brief", List.of()));
    }

    @Test
    void anAnswerIsReadPieceByPiece() {
        var accumulator = MessageAccumulator.create();
        var pieces = new ArrayList<String>();
        try (var stream =
                client.messages().createStreaming(asking("say one two three").build())) {
            stream.stream().peek(event -> event.validate()).forEach(event -> {
                accumulator.accumulate(event);
                event.contentBlockDelta()
                        .flatMap(delta -> delta.delta().text())
                        .ifPresent(text -> pieces.add(text.text()));
            });
        }
        assertThat(pieces).containsExactly("one ", "two ", "three");
        assertThat(accumulator.message().usage().outputTokens()).isEqualTo(4);
        assertThat(accumulator.message().stopReason()).contains(StopReason.END_TURN);
    }

    @Test
    void aToolIsCalledPieceByPieceAndItsResultIsTold() {
        var first = withTool("call weather {\"city\":\"Oslo\"}");
        var accumulator = MessageAccumulator.create();
        try (var stream = client.messages().createStreaming(first.build())) {
            stream.stream().peek(event -> event.validate()).forEach(accumulator::accumulate);
        }
        var message = accumulator.message();
        assertThat(message.stopReason()).contains(StopReason.TOOL_USE);
        var call = message.content().getFirst().asToolUse();
        assertThat(call.name()).isEqualTo("weather");
        assertThat(call._input().toString()).isEqualTo("{city=Oslo}");
        var second = first.addMessage(message)
                .addUserMessageOfContentBlockParams(
                        List.of(ContentBlockParam.ofToolResult(ToolResultBlockParam.builder()
                                .toolUseId(call.id())
                                .content("rain")
                                .build())));
        assertThat(client.messages()
                        .create(second.build())
                        .content()
                        .getFirst()
                        .asText()
                        .text())
                .isEqualTo("The tool answered: rain");
        assertThat(emulator.prompts().getLast().tools()).containsExactly("weather");
        assertThatThrownBy(() -> client.messages()
                        .create(withTool("call weather {}")
                                .addMessage(message)
                                .addUserMessage("never mind")
                                .build()))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining("tool_use");
    }

    @Test
    void tokensAreCounted() {
        assertThat(client.messages()
                        .countTokens(MessageCountTokensParams.builder()
                                .model("scripted")
                                .addUserMessage("twelve chars")
                                .build())
                        .inputTokens())
                .isEqualTo(3);
    }

    @Test
    void refusalsAreTheProvidersOwn() {
        assertThatThrownBy(() -> client.messages().create(asking("limit").build()))
                .isInstanceOf(RateLimitException.class);
        var patient = client(KEY, 2);
        try {
            assertThat(patient.messages()
                            .create(asking("limit again").build())
                            .content()
                            .getFirst()
                            .asText()
                            .text())
                    .as("after Retry-After")
                    .isEqualTo("not limited any more");
        } finally {
            patient.close();
        }
        assertThatThrownBy(() -> client.messages()
                        .create(asking("one")
                                .addAssistantMessage("two")
                                .addUserMessage("forget")
                                .build()))
                .isInstanceOf(BadRequestException.class)
                .hasMessageContaining("prompt is too long");
        var stranger = client("sk-ant-wrong", 0);
        try {
            assertThatThrownBy(() -> stranger.messages().create(asking("say x").build()))
                    .isInstanceOf(UnauthorizedException.class)
                    .hasMessageContaining("invalid x-api-key");
        } finally {
            stranger.close();
        }
    }
}
