package ai.molecule.agent.langgraph;

import ai.molecule.agent.Decision;
import ai.molecule.agent.Engine;
import ai.molecule.agent.Shelf;
import ai.molecule.agent.Surroundings;
import ai.molecule.agent.Tools;
import ai.molecule.agent.Turns;
import ai.molecule.agent.Work;
import ai.molecule.agent.model.Conversations;
import ai.molecule.agent.model.ModelException;
import ai.molecule.agent.model.Models;
import ai.molecule.agent.model.Thinking;
import ai.molecule.protocol.Message;
import ai.molecule.protocol.Skill;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// Thinks in the steps of a [Graph], by langgraph4j. Every step is kept before the next begins: an agent that is
/// killed in the middle goes on there when the message is delivered again. Each context has a conversation of its
/// own, which outlives the process; a turn that fails leaves it as it was.
public final class LangGraphEngine implements Engine {

    private final Surroundings surroundings;
    private final Models models;
    private final Conversations conversations;
    private final Threads threads;
    private final Shelf waiting;
    private final Tools tools;
    private final Turns turns = new Turns();

    /// @param client how models are reached
    /// @param state where conversations are kept, and how far each message came
    public LangGraphEngine(Surroundings surroundings, HttpClient client, Path state, Tools tools) {
        var own = state.resolve("langgraph");
        this.surroundings = surroundings;
        this.models = new Models(surroundings, client);
        this.conversations = new Conversations(own.resolve("conversations"));
        this.threads = new Threads(own.resolve("threads"));
        this.waiting = new Shelf(own.resolve("waiting"));
        this.tools = tools;
    }

    @Override
    public String runtime() {
        return "langgraph";
    }

    @Override
    public String description() {
        return "Thinks in steps: plans, acts, reflects";
    }

    @Override
    public List<Skill> skills() {
        return surroundings.skills(runtime());
    }

    @Override
    public String trouble() {
        var troubles = new ArrayList<>(List.of(models.trouble(tools)));
        try {
            Graph.read(surroundings.configuration().settings().path("graph"));
        } catch (IllegalArgumentException faults) {
            troubles.add(String.valueOf(faults.getMessage()).replace("\n", "; "));
        }
        return String.join("; ", troubles.stream().filter(one -> !one.isEmpty()).toList());
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
            var thread = waiting.of(task).orElse(context + " " + message.messageId());
            try {
                turn(message, context, task, thread, work);
            } catch (ModelException | Passage.EndedException | IllegalArgumentException failed) {
                threads.forget(thread);
                waiting.forget(task);
                work.fail(String.valueOf(failed.getMessage()));
            }
        });
    }

    private void turn(Message message, String context, String task, String thread, Work work) throws Exception {
        var thinking = models.begin(work);
        var before = conversations.of(context);
        var way = new Passage(
                Graph.read(surroundings.configuration().settings().path("graph")),
                tools,
                work,
                thinking,
                surroundings.instructions(runtime()),
                before,
                threads,
                thread);
        var begun = way.begun();
        if (waiting.has(task) && !begun) {
            throw new Passage.EndedException("how far this message had come is not known any more");
        }
        if (begun && waiting.has(task) && !Decision.tells(message)) {
            way.hear(message);
        } else if (begun && !waiting.has(task)) {
            work.say("goes on where it was");
        }
        var progress = way.go(message.text());
        var open = progress.waitsFor();
        if (!open.isEmpty()) {
            waiting.keep(task, thread);
            work.ask(Decision.awaited(open));
            return;
        }
        remember(context, before, progress, begun);
        waiting.forget(task);
        finish(progress.text(Progress.ANSWER), thinking, work);
    }

    /// Adds the turn to the conversation; one that an earlier process added already is there once.
    private void remember(String context, List<ChatMessage> before, Progress progress, boolean begun)
            throws IOException {
        var turn = new ArrayList<>(progress.messages(Progress.TURN));
        var answer = progress.text(Progress.ANSWER);
        if (!(turn.getLast() instanceof AiMessage) && !answer.isBlank()) {
            turn.add(AiMessage.from(answer));
        }
        if (begun && Collections.indexOfSubList(before, turn) >= 0) {
            return;
        }
        var said = new ArrayList<>(progress.rest(before));
        said.addAll(turn);
        conversations.keep(context, said);
    }

    private static void finish(String answer, Thinking thinking, Work work) {
        thinking.tell(true);
        if (!thinking.told().strip().equals(answer.strip())) {
            // It was told before people were asked, or by an earlier process to whoever listened then.
            work.retract();
            work.write(answer, true);
        }
        work.complete();
    }
}
