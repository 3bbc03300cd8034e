package ai.molecule.agent.hermes;

import ai.molecule.agent.Engine;
import ai.molecule.agent.Self;
import ai.molecule.agent.Surroundings;
import ai.molecule.agent.Usage;
import ai.molecule.agent.Work;
import ai.molecule.protocol.Message;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.model.chat.response.ChatResponse;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/// Thinks with a model, and lets it call tools, for a bounded number of rounds. Each context has a conversation
/// of its own, which outlives the process; a turn that fails leaves it as it was.
public final class HermesEngine implements Engine {

    private static final int ROUNDS_MAX = 10;
    private static final int TURNS_AT_ONCE = 256;
    private static final int RESULT_LENGTH_MAX = 20_000;
    private static final String FORGOTTEN = "[Earlier parts of this conversation are left out: they were too long.]";

    private final Surroundings surroundings;
    private final HttpClient client;
    private final Conversations conversations;
    private final Tools tools;
    private final List<ReentrantLock> turns =
            Stream.generate(ReentrantLock::new).limit(TURNS_AT_ONCE).toList();

    /// @param client how models are reached
    /// @param state where conversations are kept
    public HermesEngine(Surroundings surroundings, HttpClient client, Path state, Tools tools) {
        this.surroundings = surroundings;
        this.client = client;
        this.conversations = new Conversations(state);
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
        try {
            settings(surroundings.self());
            return "";
        } catch (IllegalArgumentException missing) {
            return String.valueOf(missing.getMessage()).replace("\n", "; ");
        }
    }

    private ModelSettings settings(Self self) {
        return ModelSettings.read(self.model(), surroundings.values());
    }

    /// The system prompt.
    private static String instructions(Self self) {
        if (self.name().isEmpty()) {
            return "";
        }
        return "You are " + self.name() + (self.role().isEmpty() ? "." : ", " + self.role() + ".")
                + " You work in a team of agents. Be brief and exact.";
    }

    @Override
    public void work(Message message, Work work) throws Exception {
        var context = String.valueOf(message.contextId());
        // Turns of one conversation come one after the other; so do those that share its lock by chance.
        var turn = turns.get(Math.floorMod(context.hashCode(), TURNS_AT_ONCE));
        turn.lockInterruptibly();
        try {
            var self = surroundings.self();
            new Turn(context, new Model(settings(self), client), instructions(self), work).take(message.text());
        } catch (ModelException | IllegalArgumentException failed) {
            work.fail(String.valueOf(failed.getMessage()));
        } finally {
            turn.unlock();
        }
    }

    /// One message, and all that comes of it.
    private final class Turn {

        private final String context;
        private final Model model;
        private final String instructions;
        private final Work work;
        private Usage usage;
        private String held = "";

        Turn(String context, Model model, String instructions, Work work) {
            this.context = context;
            this.model = model;
            this.instructions = instructions;
            this.work = work;
            this.usage = Usage.none(model.name());
        }

        void take(String text) throws IOException, InterruptedException, ModelException {
            var said = new ArrayList<>(conversations.of(context));
            said.add(UserMessage.from(text));
            for (int round = 1; round <= ROUNDS_MAX; round++) {
                var answer = answer(said);
                said.add(answer);
                if (!answer.hasToolExecutionRequests()) {
                    conversations.keep(context, said);
                    tell(true);
                    work.complete();
                    return;
                }
                tell(false);
                for (var call : answer.toolExecutionRequests()) {
                    said.add(ToolExecutionResultMessage.from(call, called(call)));
                }
            }
            work.fail("the model called tools " + ROUNDS_MAX + " times without an answer");
        }

        private AiMessage answer(List<ChatMessage> said) throws IOException, InterruptedException, ModelException {
            try {
                return counted(asked(said));
            } catch (ModelException failed) {
                if (!failed.tooLong() || said.size() < 2) {
                    throw failed;
                }
                work.say("the conversation is too long for the model; its earlier parts are left out");
                shorten(said);
                return counted(asked(said));
            }
        }

        private ChatResponse asked(List<ChatMessage> said) throws IOException, InterruptedException, ModelException {
            var whole = new ArrayList<ChatMessage>();
            if (!instructions.isEmpty()) {
                whole.add(SystemMessage.from(instructions));
            }
            whole.addAll(said);
            return model.ask(whole, tools.all(), this::write, work::say);
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
            usage = tokens == null
                    ? usage.plus(0, 0)
                    : usage.plus(number(tokens.inputTokenCount()), number(tokens.outputTokenCount()));
            work.used(usage);
            return response.aiMessage();
        }

        /// Keeps the message that is to be answered, and what came of it.
        private void shorten(List<ChatMessage> said) {
            var from = said.size() - 1;
            while (from > 0 && !(said.get(from) instanceof UserMessage)) {
                from--;
            }
            var kept = new ArrayList<>(said.subList(from, said.size()));
            if (kept.getFirst() instanceof UserMessage last) {
                kept.set(0, UserMessage.from(FORGOTTEN + "\n" + last.singleText()));
            }
            said.clear();
            said.addAll(kept);
        }

        private String called(ToolExecutionRequest call) throws IOException, InterruptedException {
            work.say("calls " + call.name());
            var result = tools.call(call, work.course());
            return result.length() > RESULT_LENGTH_MAX ? result.substring(0, RESULT_LENGTH_MAX) + "…" : result;
        }
    }

    private static long number(Integer tokens) {
        return tokens == null ? 0 : tokens;
    }
}
