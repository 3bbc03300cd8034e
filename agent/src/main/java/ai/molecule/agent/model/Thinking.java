package ai.molecule.agent.model;

import ai.molecule.agent.Usage;
import ai.molecule.agent.Work;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.anthropic.AnthropicTokenUsage;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.googleai.GoogleAiGeminiTokenUsage;
import dev.langchain4j.model.output.TokenUsage;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/// Asks a model in the course of one message: its words are told as they come, what it takes is counted, and a
/// conversation that is too long goes on from a summary.
public final class Thinking {

    private static final String SUMMARISE = "Summarise this conversation, so that it can go on without its wording: who"
            + " wants what, what was found out and decided, what is still to be done.";

    private final Model model;
    private final Set<String> tagging;
    private final Work work;
    private Usage usage;
    private String held = "";
    private final StringBuilder told = new StringBuilder();

    /// @param tagging where models call tools by tags, because their servers have no function calling
    Thinking(Model model, Set<String> tagging, Work work) {
        this.model = model;
        this.tagging = tagging;
        this.work = work;
        this.usage = Usage.none(model.name());
    }

    /// What the model answers; the last of its words is held until [#tell].
    public AiMessage answer(String instructions, Talk talk, List<ToolSpecification> with)
            throws InterruptedException, ModelException {
        told.setLength(0);
        return patient(talk, () -> asked(instructions, talk.all(), with, this::write));
    }

    /// What the model says when it is asked something beside the conversation, which is for the engine alone.
    public String aside(String instructions, Talk talk, String request) throws InterruptedException, ModelException {
        var beside = UserMessage.from(request);
        var answer = patient(
                talk,
                () -> asked(
                        // Some servers refuse calls of tools in a conversation without tools.
                        instructions, ToolTags.written(talk.and(beside)), List.of(), unheard -> {}));
        return answer.text() == null ? "" : answer.text().strip();
    }

    /// Tells what is held.
    ///
    /// @param last true when that is the answer's end
    public void tell(boolean last) {
        if (!held.isEmpty()) {
            work.write(held, last);
            told.append(held);
            held = "";
        }
    }

    /// What was told of the last answer.
    public String told() {
        return told.toString();
    }

    private interface Question {
        ChatResponse ask() throws InterruptedException, ModelException;
    }

    private AiMessage patient(Talk talk, Question question) throws InterruptedException, ModelException {
        try {
            return counted(question.ask());
        } catch (ModelException failed) {
            if (!failed.tooLong() || talk.all().size() < 2) {
                throw failed;
            }
            work.say("the conversation is too long for the model; it goes on from a summary");
            talk.shorten(summary(talk.transcript()));
            return counted(question.ask());
        }
    }

    private ChatResponse asked(
            String instructions, List<ChatMessage> said, List<ToolSpecification> with, Consumer<String> words)
            throws InterruptedException, ModelException {
        if (!tagging.contains(model.place())) {
            try {
                return sent(instructions, said, with, words);
            } catch (ModelException failed) {
                if (!failed.noTools()) {
                    throw failed;
                }
                tagging.add(model.place());
            }
        }
        var system = with.isEmpty() ? instructions : instructions + "\n\n" + ToolTags.instructions(with);
        return sent(system, ToolTags.written(said), List.of(), words);
    }

    private ChatResponse sent(
            String system, List<ChatMessage> said, List<ToolSpecification> with, Consumer<String> words)
            throws InterruptedException, ModelException {
        var whole = new ArrayList<ChatMessage>();
        if (!system.isBlank()) {
            whole.add(SystemMessage.from(system.strip()));
        }
        whole.addAll(said);
        var forPeople = new Spoken(words);
        var response = model.ask(whole, with, forPeople, work::say);
        forPeople.end();
        return response;
    }

    /// Which piece is the last one is known only afterwards: each is held until the next one comes.
    private void write(String piece) {
        tell(false);
        held = piece;
    }

    private AiMessage counted(ChatResponse response) {
        var tokens = response.tokenUsage();
        usage = tokens == null ? usage.plus(0, 0) : usage.plus(input(tokens), output(tokens));
        work.used(usage);
        return ToolTags.read(response.aiMessage());
    }

    private String summary(String transcript) throws InterruptedException {
        try {
            var asked = List.<ChatMessage>of(UserMessage.from(SUMMARISE + "\n\n" + transcript));
            return String.valueOf(counted(model.ask(asked, List.of(), unheard -> {}, work::say))
                    .text());
        } catch (ModelException failed) {
            return "a conversation that was too long, and is left out";
        }
    }

    /// What it read, what a provider has kept for it among it.
    private static long input(TokenUsage tokens) {
        return number(tokens.inputTokenCount())
                + (tokens instanceof AnthropicTokenUsage cached
                        ? number(cached.cacheCreationInputTokens()) + number(cached.cacheReadInputTokens())
                        : 0);
    }

    /// What it wrote, what it thought among it.
    private static long output(TokenUsage tokens) {
        return number(tokens.outputTokenCount())
                + (tokens instanceof GoogleAiGeminiTokenUsage thinking ? number(thinking.thoughtsTokenCount()) : 0);
    }

    private static long number(Integer tokens) {
        return tokens == null ? 0 : tokens;
    }
}
