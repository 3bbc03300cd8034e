package ai.molecule.agent.model;

import ai.molecule.protocol.Json;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.exception.HttpException;
import dev.langchain4j.model.anthropic.AnthropicStreamingChatModel;
import dev.langchain4j.model.chat.StreamingChatModel;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.googleai.GoogleAiGeminiStreamingChatModel;
import dev.langchain4j.model.openai.OpenAiStreamingChatModel;
import java.io.IOException;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// A model behind its provider's own protocol, whose answers are streamed.
final class Model {

    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final int PROBLEM_LENGTH_MAX = 300;

    /// How long an answer may be where a provider wants to be told.
    private static final int TOKENS_MAX = 8192;

    /// What servers say that have no function calling: Ollama's, vLLM's, llama.cpp's own words.
    private static final Pattern NO_TOOLS = Pattern.compile(
            "(?i)not support (tools|function)|tool.?choice requires|tools param requires|tools.{0,20}not supported");

    /// What providers say of a conversation that is too long: OpenAI and its kin, Anthropic, Google.
    private static final Pattern TOO_LONG = Pattern.compile(
            "context_length_exceeded|maximum context length|prompt is too long|exceeds the maximum number of tokens");

    private final ModelSettings settings;
    private final HttpClient client;

    /// @param client how its server is reached
    Model(ModelSettings settings, HttpClient client) {
        this.settings = settings;
        this.client = client;
    }

    String name() {
        return settings.model();
    }

    /// Which model it is, and where.
    String place() {
        return settings.toString();
    }

    /// Asks the model, on the caller's thread, which may be interrupted.
    ///
    /// @param words gets its words as they come
    /// @param waiting is told why it takes longer
    ChatResponse ask(
            List<ChatMessage> conversation,
            List<ToolSpecification> tools,
            Consumer<String> words,
            Consumer<String> waiting)
            throws ModelException, InterruptedException {
        var model = of(settings, new ModelHttp(client, waiting));
        var over = new CompletableFuture<ChatResponse>();
        var request = ChatRequest.builder().messages(conversation);
        if (!tools.isEmpty()) {
            request.toolSpecifications(tools);
        }
        model.chat(request.build(), new Listening(words, over));
        // Calls run on this thread: what is not over by now was broken off without a word.
        over.completeExceptionally(new IOException("it ended in the middle"));
        try {
            var answer = over.get();
            check(answer);
            return answer;
        } catch (ExecutionException failed) {
            if (Thread.interrupted()) {
                throw new InterruptedException("canceled");
            }
            throw explained(failed.getCause(), !tools.isEmpty());
        }
    }

    private static StreamingChatModel of(ModelSettings settings, ModelHttp http) {
        var url = settings.url().toString();
        var key = settings.key().isEmpty() ? "none" : settings.key();
        return switch (settings.provider()) {
            case OPENAI ->
                OpenAiStreamingChatModel.builder()
                        .httpClientBuilder(http)
                        .baseUrl(url)
                        .apiKey(key)
                        .modelName(settings.model())
                        .timeout(PATIENCE)
                        .build();
            case ANTHROPIC ->
                AnthropicStreamingChatModel.builder()
                        .httpClientBuilder(http)
                        .baseUrl(url)
                        .apiKey(key)
                        .modelName(settings.model())
                        .maxTokens(TOKENS_MAX)
                        .cacheSystemMessages(true)
                        .cacheTools(true)
                        .timeout(PATIENCE)
                        .build();
            case GEMINI ->
                GoogleAiGeminiStreamingChatModel.builder()
                        .httpClientBuilder(http)
                        .baseUrl(url)
                        .apiKey(key)
                        .modelName(settings.model())
                        // What it thought goes with a tool's result, or newer models refuse it.
                        .returnThinking(true)
                        .sendThinking(true)
                        .timeout(PATIENCE)
                        .build();
        };
    }

    /// An answer that is none is no answer: whoever keeps one could not go on.
    private void check(ChatResponse answer) throws ModelException {
        var text = answer.aiMessage().text();
        switch (answer.finishReason()) {
            case null -> throw new ModelException("the model " + settings + " broke off in the middle of its answer");
            case LENGTH -> throw new ModelException("the model " + settings + " reached the length that it may have");
            case CONTENT_FILTER -> throw new ModelException("the provider of " + settings + " filtered its answer");
            case STOP, TOOL_EXECUTION, OTHER -> {
                if ((text == null || text.isBlank()) && !answer.aiMessage().hasToolExecutionRequests()) {
                    throw new ModelException("the model " + settings + " said nothing");
                }
            }
        }
    }

    private record Listening(Consumer<String> words, CompletableFuture<ChatResponse> over)
            implements StreamingChatResponseHandler {

        @Override
        public void onPartialResponse(String piece) {
            words.accept(piece);
        }

        @Override
        public void onCompleteResponse(ChatResponse response) {
            over.complete(response);
        }

        @Override
        public void onError(Throwable failure) {
            over.completeExceptionally(failure);
        }
    }

    /// What went wrong, in words for whoever set the model up. A provider's own words are cut short, and may
    /// quote a key in part; ours never do.
    private ModelException explained(@Nullable Throwable failure, boolean withTools) {
        var cause = failure == null ? new IllegalStateException("nothing came") : failure;
        var http = http(cause);
        if (http == null) {
            return new ModelException(
                    "the model " + settings + " broke off: " + said(String.valueOf(cause.getMessage())), cause);
        }
        var problem = problem(http);
        return switch (http.statusCode()) {
            case 401, 403 -> refusedKey(cause);
            case 404 -> new ModelException("there is no model " + settings + ": " + problem, cause);
            case 429 -> new ModelException("too many requests for " + settings + ": " + problem, cause);
            case 400, 413, 422, 501 -> {
                if (tooLong(http)) {
                    yield ModelException.tooLong(cause);
                }
                if (problem.contains("API key not valid")) {
                    yield refusedKey(cause);
                }
                yield withTools && NO_TOOLS.matcher(problem).find()
                        ? ModelException.noTools(cause)
                        : new ModelException("the model " + settings + " refused the request: " + problem, cause);
            }
            default ->
                new ModelException(
                        "the model " + settings + " failed with status " + http.statusCode() + ": " + problem, cause);
        };
    }

    private ModelException refusedKey(Throwable cause) {
        return new ModelException(
                "the key for " + settings + " was refused; set the secret "
                        + settings.provider().keyName(),
                cause);
    }

    private static boolean tooLong(HttpException http) {
        return TOO_LONG.matcher(String.valueOf(http.getMessage())).find();
    }

    private static @Nullable HttpException http(@Nullable Throwable failure) {
        for (var one = failure; one != null; one = one.getCause()) {
            if (one instanceof HttpException http) {
                return http;
            }
        }
        return null;
    }

    /// The provider's own words.
    private String problem(HttpException http) {
        var text = String.valueOf(http.getMessage());
        try {
            var message = Json.read(text).path("error").path("message").asText();
            return said(message.isEmpty() ? text : message);
        } catch (Json.MalformedException notJson) {
            return said(text);
        }
    }

    private String said(String text) {
        var safe = settings.key().isEmpty() ? text : text.replace(settings.key(), "…");
        return safe.length() > PROBLEM_LENGTH_MAX ? safe.substring(0, PROBLEM_LENGTH_MAX) + "…" : safe;
    }
}
