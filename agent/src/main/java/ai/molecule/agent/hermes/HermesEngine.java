package ai.molecule.agent.hermes;

import ai.molecule.agent.Decision;
import ai.molecule.agent.Engine;
import ai.molecule.agent.Surroundings;
import ai.molecule.agent.Tools;
import ai.molecule.agent.Turns;
import ai.molecule.agent.Work;
import ai.molecule.agent.model.Approval;
import ai.molecule.agent.model.Calling;
import ai.molecule.agent.model.Conversations;
import ai.molecule.agent.model.ModelException;
import ai.molecule.agent.model.Models;
import ai.molecule.agent.model.Talk;
import ai.molecule.agent.model.Thinking;
import ai.molecule.protocol.Message;
import ai.molecule.protocol.Skill;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.UserMessage;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Thinks with a model, and lets it call tools, for a bounded number of rounds. Each context has a conversation
/// of its own, which outlives the process; a turn that fails leaves it as it was.
public final class HermesEngine implements Engine {

    private static final int ROUNDS_MAX = 10;

    private final Surroundings surroundings;
    private final Models models;
    private final Conversations conversations;
    private final Conversations waiting;
    private final Tools tools;
    private final Turns turns = new Turns();

    /// @param client how models are reached
    /// @param state where conversations are kept, and what waits for people
    public HermesEngine(Surroundings surroundings, HttpClient client, Path state, Tools tools) {
        this.surroundings = surroundings;
        this.models = new Models(surroundings, client);
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
    public List<Skill> skills() {
        return surroundings.skills(runtime());
    }

    @Override
    public String trouble() {
        return models.trouble(tools);
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
            try {
                var turn = new Turn(context, task, work);
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
        private final Work work;
        private final Thinking thinking;
        private final Calling calling;
        private final String instructions;

        Turn(String context, String task, Work work) {
            this.context = context;
            this.task = task;
            this.work = work;
            this.thinking = models.begin(work);
            this.calling = new Calling(tools, work, 0);
            this.instructions = surroundings.instructions(runtime());
        }

        void take(String text) throws IOException, InterruptedException, ModelException {
            think(List.of(UserMessage.from(text)));
        }

        /// Goes on where it waited for people, once they have decided all that they were asked. What its caller
        /// says meanwhile is heard then.
        void goOn(Message message) throws IOException, InterruptedException, ModelException {
            var turn = new ArrayList<>(waiting.of(task));
            if (!Decision.tells(message)) {
                turn.add(UserMessage.from(message.text()));
            }
            Approval.settle(turn, tools);
            var open = Approval.asked(turn);
            if (open.isEmpty()) {
                think(turn);
            } else {
                waiting.keep(task, turn);
                work.ask(Decision.awaited(open));
            }
        }

        private void think(List<ChatMessage> turn) throws IOException, InterruptedException, ModelException {
            var talk = new Talk(conversations.of(context), turn);
            var with = tools.all();
            for (int round = 1; round <= ROUNDS_MAX; round++) {
                var answer = thinking.answer(instructions, talk, with);
                talk.add(answer);
                if (!answer.hasToolExecutionRequests()) {
                    conversations.keep(context, talk.all());
                    waiting.forget(task);
                    thinking.tell(true);
                    work.complete();
                    return;
                }
                thinking.tell(false);
                for (var call : answer.toolExecutionRequests()) {
                    talk.add(calling.result(call));
                }
                var open = Approval.asked(talk.turn());
                if (!open.isEmpty()) {
                    waiting.keep(task, talk.turn());
                    work.ask(Decision.awaited(open));
                    return;
                }
            }
            waiting.forget(task);
            work.fail("the model called tools " + ROUNDS_MAX + " times without an answer");
        }
    }
}
