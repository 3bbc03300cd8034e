package ai.molecule.agent.hermes;

import ai.molecule.agent.Engine;
import ai.molecule.agent.Self;
import ai.molecule.agent.Surroundings;
import ai.molecule.agent.Turns;
import ai.molecule.agent.Usage;
import ai.molecule.agent.Work;
import ai.molecule.protocol.Message;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.anthropic.AnthropicTokenUsage;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.googleai.GoogleAiGeminiTokenUsage;
import dev.langchain4j.model.output.TokenUsage;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Thinks with a model, and lets it call tools, for a bounded number of rounds. Each context has a conversation
/// of its own, which outlives the process; a turn that fails leaves it as it was.
public final class HermesEngine implements Engine {

    private static final int ROUNDS_MAX = 10;
    private static final int CALLS_MAX = 50;
    private static final int RESULT_LENGTH_MAX = 20_000;
    private static final int TRANSCRIPT_LENGTH_MAX = 24_000;
    private static final String SUMMARISE = "Summarise this conversation, so that it can go on without its wording: who"
            + " wants what, what was found out and decided, what is still to be done.";

    private final Surroundings surroundings;
    private final HttpClient client;
    private final Conversations conversations;
    private final Conversations waiting;
    private final Tools tools;
    private final Set<String> tagging = ConcurrentHashMap.newKeySet();
    private final Turns turns = new Turns();

    /// @param client how models are reached
    /// @param state where conversations are kept, and what waits for people
    public HermesEngine(Surroundings surroundings, HttpClient client, Path state, Tools tools) {
        this.surroundings = surroundings;
        this.client = client;
        this.conversations = new Conversations(state.resolve("conversations"));
        this.waiting = new Conversations(state.resolve("waiting"));
        this.tools = tools;
    }

    @Override
    public String runtime() {
        return "hermes";
    }

    @Override
    public String description() {
        return "Thinks with a model";
    }

    @Override
    public String trouble() {
        var self = surroundings.self();
        if (self.equals(Self.UNKNOWN)) {
            // What is not known yet is not missing.
            return "";
        }
        try {
            settings(self);
            return "";
        } catch (IllegalArgumentException missing) {
            return String.valueOf(missing.getMessage()).replace("\n", "; ");
        }
    }

    /// @throws IllegalArgumentException when something is missing
    private ModelSettings settings(Self self) {
        try {
            return ModelSettings.read(self.model(), surroundings.values());
        } catch (IllegalArgumentException missing) {
            if (self.equals(Self.UNKNOWN)) {
                throw new IllegalArgumentException("the platform cannot be asked what this workspace is", missing);
            }
            throw missing;
        }
    }

    @Override
    public boolean waits(String taskId, String contextId) {
        return waiting.has(taskId);
    }

    @Override
    public void work(Message message, Work work) throws Exception {
        var context = String.valueOf(message.contextId());
        var task = String.valueOf(message.taskId());
        turns.one(context, () -> {
            var self = surroundings.self();
            try {
                var turn = new Turn(context, task, new Model(settings(self), client), self.introduction(), work);
                if (waiting.has(task)) {
                    turn.goOn(message);
                } else {
                    turn.take(message.text());
                }
            } catch (ModelException | IllegalArgumentException failed) {
                work.fail(String.valueOf(failed.getMessage()));
            }
        });
    }

    /// One message, and all that comes of it.
    private final class Turn {

        private final String context;
        private final String task;
        private final Model model;
        private final String instructions;
        private final Work work;
        private Usage usage;
        private List<ToolSpecification> with = List.of();
        private int calls;
        private String held = "";
        private int before;

        Turn(String context, String task, Model model, String instructions, Work work) {
            this.context = context;
            this.task = task;
            this.model = model;
            this.instructions = instructions;
            this.work = work;
            this.usage = Usage.none(model.name());
        }

        void take(String text) throws IOException, InterruptedException, ModelException {
            var said = new ArrayList<>(conversations.of(context));
            before = said.size();
            said.add(UserMessage.from(text));
            think(said);
        }

        /// Goes on where it waited for people, once they have decided all that they were asked. What its caller
        /// says meanwhile is heard then.
        void goOn(Message message) throws IOException, InterruptedException, ModelException {
            var turn = new ArrayList<>(waiting.of(task));
            if (!Approval.tells(message)) {
                turn.add(UserMessage.from(message.text()));
            }
            var open = Approval.settle(turn, tools);
            if (!open.isEmpty()) {
                waiting.keep(task, turn);
                work.ask(Approval.question(open));
                return;
            }
            var said = new ArrayList<>(conversations.of(context));
            before = said.size();
            said.addAll(turn);
            think(said);
        }

        private void think(List<ChatMessage> said) throws IOException, InterruptedException, ModelException {
            with = tools.all();
            for (int round = 1; round <= ROUNDS_MAX; round++) {
                var answer = answer(said);
                said.add(answer);
                if (!answer.hasToolExecutionRequests()) {
                    conversations.keep(context, said);
                    waiting.forget(task);
                    tell(true);
                    work.complete();
                    return;
                }
                tell(false);
                var asked = new ArrayList<String>();
                for (var call : answer.toolExecutionRequests()) {
                    said.add(
                            switch (called(call)) {
                                case Tools.Outcome.Told(var text) ->
                                    ToolExecutionResultMessage.from(call, clipped(text));
                                case Tools.Outcome.Asked question -> {
                                    asked.add(question.action());
                                    yield Approval.open(call, question);
                                }
                            });
                }
                if (!asked.isEmpty()) {
                    waiting.keep(task, said.subList(before, said.size()));
                    work.ask(Approval.question(asked));
                    return;
                }
            }
            waiting.forget(task);
            work.fail("the model called tools " + ROUNDS_MAX + " times without an answer");
        }

        private AiMessage answer(List<ChatMessage> said) throws InterruptedException, ModelException {
            try {
                return counted(asked(said));
            } catch (ModelException failed) {
                if (!failed.tooLong() || said.size() < 2) {
                    throw failed;
                }
                work.say("the conversation is too long for the model; it goes on from a summary");
                shorten(said);
                return counted(asked(said));
            }
        }

        private ChatResponse asked(List<ChatMessage> said) throws InterruptedException, ModelException {
            if (!tagging.contains(model.place())) {
                try {
                    return asked(instructions, said, with);
                } catch (ModelException failed) {
                    if (!failed.noTools()) {
                        throw failed;
                    }
                    tagging.add(model.place());
                }
            }
            return asked(instructions + "\n\n" + ToolTags.instructions(with), ToolTags.written(said), List.of());
        }

        private ChatResponse asked(String system, List<ChatMessage> said, List<ToolSpecification> called)
                throws InterruptedException, ModelException {
            var whole = new ArrayList<ChatMessage>();
            if (!system.isBlank()) {
                whole.add(SystemMessage.from(system.strip()));
            }
            whole.addAll(said);
            var spoken = new Spoken(this::write);
            var response = model.ask(whole, called, spoken, work::say);
            spoken.end();
            return response;
        }

        /// Which piece is the last one is known only afterwards: each is held until the next one comes.
        private void write(String piece) {
            tell(false);
            held = piece;
        }

        private void tell(boolean last) {
            if (!held.isEmpty()) {
                work.write(held, last);
                held = "";
            }
        }

        private AiMessage counted(ChatResponse response) {
            var tokens = response.tokenUsage();
            usage = tokens == null ? usage.plus(0, 0) : usage.plus(input(tokens), output(tokens));
            work.used(usage);
            return ToolTags.read(response.aiMessage());
        }

        /// Keeps the message that is to be answered and what came of it, with a summary of what was before.
        private void shorten(List<ChatMessage> said) throws InterruptedException {
            var from = said.size() - 1;
            while (from > 0 && !(said.get(from) instanceof UserMessage)) {
                from--;
            }
            var kept = new ArrayList<>(said.subList(from, said.size()));
            if (from > 0 && kept.getFirst() instanceof UserMessage last) {
                kept.set(
                        0,
                        UserMessage.from(
                                "[Before this: " + summary(said.subList(0, from)) + "]\n" + last.singleText()));
            }
            said.clear();
            said.addAll(kept);
            before = 0;
        }

        /// What the model makes of a conversation; of a long one it hears the end.
        private String summary(List<ChatMessage> said) throws InterruptedException {
            var transcript = new StringBuilder();
            for (var message : said) {
                switch (message) {
                    case UserMessage user ->
                        transcript.append("user: ").append(user.singleText()).append('\n');
                    case AiMessage answer
                    when answer.text() != null ->
                        transcript.append("you: ").append(answer.text()).append('\n');
                    default -> {}
                }
            }
            var end = transcript.substring(Math.max(0, transcript.length() - TRANSCRIPT_LENGTH_MAX));
            try {
                var asked = List.<ChatMessage>of(UserMessage.from(SUMMARISE + "\n\n" + end));
                return String.valueOf(counted(model.ask(asked, List.of(), unheard -> {}, work::say))
                        .text());
            } catch (ModelException failed) {
                return "a conversation that was too long, and is left out";
            }
        }

        private Tools.Outcome called(ToolExecutionRequest call) throws IOException, InterruptedException {
            if (++calls > CALLS_MAX) {
                return new Tools.Outcome.Told("These are too many calls for one message; answer with what you know");
            }
            work.say("calls " + call.name());
            return tools.call(call, work.course());
        }
    }

    private static String clipped(String result) {
        return result.length() > RESULT_LENGTH_MAX ? result.substring(0, RESULT_LENGTH_MAX) + "…" : result;
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
