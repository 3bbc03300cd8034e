package ai.molecule.agent.langgraph;

import ai.molecule.agent.Tools;
import ai.molecule.agent.Work;
import ai.molecule.agent.model.Approval;
import ai.molecule.agent.model.Calling;
import ai.molecule.agent.model.Talk;
import ai.molecule.agent.model.Thinking;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Message;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.bsc.langgraph4j.CompileConfig;
import org.bsc.langgraph4j.CompiledGraph;
import org.bsc.langgraph4j.GraphInput;
import org.bsc.langgraph4j.GraphResult;
import org.bsc.langgraph4j.GraphStateException;
import org.bsc.langgraph4j.RunnableConfig;
import org.bsc.langgraph4j.StateGraph;
import org.bsc.langgraph4j.action.AsyncEdgeAction;
import org.bsc.langgraph4j.action.AsyncNodeActionWithConfig;
import org.bsc.langgraph4j.action.InterruptableAction;
import org.bsc.langgraph4j.action.InterruptionMetadata;
import org.jspecify.annotations.Nullable;

/// The way of one message through a graph. A step that acts is three nodes, so that every answer of the model and
/// every call of a tool is kept before the next: the model, `.tools`, and `.waits` for people; a step that asks
/// people is itself and `.waits`.
final class Passage {

    private static final int ROUNDS_MAX = 10;
    private static final int SAID_LENGTH_MAX = 300;
    private static final String TOOLS = ".tools";
    private static final String WAITS = ".waits";
    private static final String NEXT = "next";

    private final Graph graph;
    private final Tools tools;
    private final Work work;
    private final Thinking thinking;
    private final String instructions;
    private final List<ChatMessage> before;
    private final CompiledGraph<Progress> compiled;
    private final RunnableConfig thread;
    private @Nullable Exception failure;

    /// The way ended otherwise than with an answer.
    static final class EndedException extends Exception {
        private static final long serialVersionUID = 1L;

        EndedException(String why) {
            super(why);
        }
    }

    /// @param before what was said in the context's earlier turns
    /// @param thread whose way it is, in `threads`
    Passage(
            Graph graph,
            Tools tools,
            Work work,
            Thinking thinking,
            String instructions,
            List<ChatMessage> before,
            Threads threads,
            String thread) {
        this.graph = graph;
        this.tools = tools;
        this.work = work;
        this.thinking = thinking;
        this.instructions = instructions;
        this.before = List.copyOf(before);
        this.thread = RunnableConfig.builder().threadId(thread).build();
        try {
            this.compiled = nodes().compile(CompileConfig.builder()
                    .checkpointSaver(threads)
                    .recursionLimit(Integer.MAX_VALUE)
                    .build());
        } catch (GraphStateException bug) {
            throw new IllegalStateException("Expected a graph without faults", bug);
        }
    }

    /// True when a part of the way lies behind it, perhaps in an earlier process.
    boolean begun() {
        return compiled.stateOf(thread).isPresent();
    }

    /// Its caller says something while it waits; what is delivered again is heard once.
    void hear(Message message) throws Exception {
        var known = compiled.getState(thread);
        if (!known.next().endsWith(WAITS) || known.state().text(Progress.HEARD).equals(message.messageId())) {
            return;
        }
        var turn = new ArrayList<>(known.state().messages(Progress.TURN));
        turn.add(UserMessage.from(message.text()));
        compiled.updateState(
                thread, Map.of(Progress.TURN, Progress.written(turn), Progress.HEARD, message.messageId()));
    }

    /// Goes on until there is an answer, or until people have to decide.
    ///
    /// @param text what was asked, for a way that begins here
    /// @return how far it came; what people have to decide is in it
    Progress go(String text) throws Exception {
        var known = compiled.stateOf(thread);
        if (known.isPresent() && known.get().next().equals(StateGraph.END)) {
            return known.get().state();
        }
        var input =
                known.isPresent() ? GraphInput.resume() : GraphInput.args(Progress.beginning(UserMessage.from(text)));
        try {
            var way = compiled.stream(input, thread);
            way.forEach(step -> {});
            if (GraphResult.from(way).isInterruptionMetadata()) {
                return GraphResult.from(way).<Progress>asInterruptionMetadata().state();
            }
        } catch (RuntimeException thrown) {
            throw failure == null ? thrown : failure;
        }
        if (failure != null) {
            throw failure;
        }
        return compiled.getState(thread).state();
    }

    private StateGraph<Progress> nodes() throws GraphStateException {
        var nodes = new StateGraph<>(Map.of(), Progress::new);
        nodes.addEdge(StateGraph.START, graph.start());
        for (var entry : graph.steps().entrySet()) {
            var name = entry.getKey();
            switch (entry.getValue()) {
                case Graph.Think think -> {
                    nodes.addNode(name, node(state -> think(name, think, state)));
                    nodes.addEdge(name, node(think.next()));
                }
                case Graph.Act act -> {
                    nodes.addNode(name, node(state -> act(act, state)));
                    nodes.addNode(name + TOOLS, node(this::callTool));
                    nodes.addNode(name + WAITS, new Waiting(this::decided, this::settled));
                    choose(nodes, name, Map.of(NEXT, node(act.next()), TOOLS, name + TOOLS));
                    choose(nodes, name + TOOLS, Map.of(NEXT, name, TOOLS, name + TOOLS, WAITS, name + WAITS));
                    nodes.addEdge(name + WAITS, name);
                }
                case Graph.Judge judge -> {
                    nodes.addNode(name, node(state -> judge(name, judge, state)));
                    var ways = new HashMap<String, String>();
                    judge.choices().forEach((choice, next) -> ways.put(choice, node(next)));
                    choose(nodes, name, ways);
                }
                case Graph.Ask ask -> {
                    nodes.addNode(name, node(state -> ask(ask, state)));
                    nodes.addNode(name + WAITS, new Waiting(this::answered, this::decision));
                    nodes.addEdge(name, name + WAITS);
                    choose(nodes, name + WAITS, Map.of("approved", node(ask.approved()), "denied", node(ask.denied())));
                }
            }
        }
        return nodes;
    }

    private static String node(String step) {
        return step.equals(Graph.END) ? StateGraph.END : step;
    }

    private static void choose(StateGraph<Progress> nodes, String name, Map<String, String> ways)
            throws GraphStateException {
        AsyncEdgeAction<Progress> chosen = state -> CompletableFuture.completedFuture(state.text(Progress.CHOICE));
        nodes.addConditionalEdges(name, chosen, ways);
    }

    /// What a node does: it gets how far the message came, and says what is different then.
    private interface Action {
        Map<String, String> of(Progress state) throws Exception;
    }

    private AsyncNodeActionWithConfig<Progress> node(Action action) {
        return (state, config) -> done(action, state);
    }

    private CompletableFuture<Map<String, Object>> done(Action action, Progress state) {
        try {
            var steps = state.number(Progress.STEPS) + 1;
            if (steps > graph.limit()) {
                throw new EndedException("the graph took " + graph.limit() + " steps without an end");
            }
            var changed = new HashMap<String, Object>(action.of(state));
            changed.put(Progress.STEPS, String.valueOf(steps));
            return CompletableFuture.completedFuture(changed);
        } catch (Exception thrown) {
            failure = thrown;
            return CompletableFuture.failedFuture(thrown);
        }
    }

    /// A node that is passed only when people have decided.
    private final class Waiting implements AsyncNodeActionWithConfig<Progress>, InterruptableAction<Progress> {

        private final Decided decided;
        private final Action after;

        Waiting(Decided decided, Action after) {
            this.decided = decided;
            this.after = after;
        }

        @Override
        public CompletableFuture<Map<String, Object>> apply(Progress state, RunnableConfig config) {
            return done(after, state);
        }

        @Override
        public Optional<InterruptionMetadata<Progress>> interrupt(String node, Progress state, RunnableConfig config) {
            try {
                return decided.all(state)
                        ? Optional.empty()
                        : Optional.of(InterruptionMetadata.builder(node, state).build());
            } catch (IOException | InterruptedException thrown) {
                failure = thrown;
                throw new IllegalStateException("it cannot be asked what people decided", thrown);
            }
        }
    }

    /// Whether people have decided all that they were asked.
    private interface Decided {
        boolean all(Progress state) throws IOException, InterruptedException;
    }

    private Talk talk(Progress state) {
        return new Talk(state.rest(before), state.messages(Progress.TURN));
    }

    private static Map<String, String> kept(Talk talk, Progress state) {
        var changed = new HashMap<String, String>();
        changed.put(Progress.TURN, Progress.written(talk.turn()));
        changed.put(Progress.REPLACED, String.valueOf(state.number(Progress.REPLACED) + talk.replaced()));
        return changed;
    }

    /// What the model is told of itself, of what it thought, and of the step.
    private String system(Progress state, String prompt) {
        var text = new StringBuilder(instructions);
        state.object(Progress.NOTES)
                .properties()
                .forEach(note -> text.append("\n\n[")
                        .append(note.getKey())
                        .append("] ")
                        .append(note.getValue().asText()));
        return prompt.isBlank()
                ? text.toString()
                : text.append("\n\n").append(prompt).toString();
    }

    private Map<String, String> think(String name, Graph.Think think, Progress state) throws Exception {
        var talk = talk(state);
        var thought = thinking.aside(system(state, ""), talk, think.prompt());
        work.say(name + ": " + clipped(thought));
        var changed = kept(talk, state);
        changed.put(Progress.NOTES, Json.text(state.object(Progress.NOTES).put(name, thought)));
        if (think.next().equals(Graph.END)) {
            changed.put(Progress.ANSWER, thought);
        }
        return changed;
    }

    private Map<String, String> act(Graph.Act act, Progress state) throws Exception {
        var talk = talk(state);
        if (!(talk.all().getLast() instanceof UserMessage)
                && !(talk.all().getLast() instanceof ToolExecutionResultMessage)) {
            talk.add(UserMessage.from("[Answer again, whole, with what you know now.]"));
        }
        work.retract();
        var answer = thinking.answer(system(state, act.prompt()), talk, tools.all());
        thinking.tell(!answer.hasToolExecutionRequests() && act.next().equals(Graph.END));
        talk.add(answer);
        var changed = kept(talk, state);
        if (answer.hasToolExecutionRequests()) {
            var rounds = state.number(Progress.ROUNDS) + 1;
            if (rounds > ROUNDS_MAX) {
                throw new EndedException("the model called tools " + ROUNDS_MAX + " times without an answer");
            }
            changed.put(Progress.ROUNDS, String.valueOf(rounds));
            changed.put(Progress.CHOICE, TOOLS);
        } else {
            changed.put(Progress.ROUNDS, "");
            changed.put(Progress.ANSWER, String.valueOf(answer.text()));
            changed.put(Progress.CHOICE, NEXT);
        }
        return changed;
    }

    /// Calls one tool, so that what it answered is kept before another is called.
    private Map<String, String> callTool(Progress state) throws Exception {
        var calling = new Calling(tools, work, state.number(Progress.CALLS));
        var due = state.due().orElseThrow();
        var turn = new ArrayList<>(state.messages(Progress.TURN));
        turn.add(calling.result(due));
        var changed = new HashMap<String, String>();
        changed.put(Progress.TURN, Progress.written(turn));
        changed.put(Progress.CALLS, String.valueOf(calling.made()));
        var more = new Progress(Map.copyOf(changed)).due().isPresent();
        changed.put(Progress.CHOICE, more ? TOOLS : Approval.asked(turn).isEmpty() ? NEXT : WAITS);
        return changed;
    }

    private boolean decided(Progress state) throws IOException, InterruptedException {
        return Approval.asked(after(state, Progress.TURN)).isEmpty();
    }

    private Map<String, String> settled(Progress state) throws IOException, InterruptedException {
        return Map.of(Progress.TURN, Progress.written(after(state, Progress.TURN)));
    }

    private boolean answered(Progress state) throws IOException, InterruptedException {
        return Approval.asked(after(state, Progress.ASKED)).isEmpty();
    }

    /// Messages, with what people decided in its place.
    private List<ChatMessage> after(Progress state, String key) throws IOException, InterruptedException {
        var said = new ArrayList<>(state.messages(key));
        Approval.settle(said, tools);
        return said;
    }

    private Map<String, String> judge(String name, Graph.Judge judge, Progress state) throws Exception {
        var talk = talk(state);
        var reply = thinking.aside(system(state, ""), talk, judge.prompt());
        var first = judge.choices().keySet().iterator().next();
        var choice = word(reply, judge, first);
        var tries = state.object(Progress.TRIES);
        var changed = kept(talk, state);
        if (!choice.equals(first)) {
            var tried = tries.path(name).asInt() + 1;
            changed.put(Progress.TRIES, Json.text(tries.put(name, tried)));
            if (tried > judge.tries()) {
                work.say(name + ": " + first + ", after " + judge.tries() + " tries");
                choice = first;
            }
        }
        if (!choice.equals(first)) {
            work.say(name + ": " + clipped(reply));
            changed.put(Progress.NOTES, Json.text(state.object(Progress.NOTES).put(name, reply)));
        }
        changed.put(Progress.CHOICE, choice);
        return changed;
    }

    /// The choice that a reply begins with.
    private static String word(String reply, Graph.Judge judge, String first) {
        var words = reply.toLowerCase(Locale.ROOT).strip().split("[^a-z0-9_]+", 3);
        for (var word : words) {
            if (!word.isEmpty()) {
                return judge.choices().containsKey(word) ? word : first;
            }
        }
        return first;
    }

    private Map<String, String> ask(Graph.Ask ask, Progress state) throws Exception {
        var arguments = Json.object()
                .put("action", ask.prompt())
                // Each time around is another question; the same one asked again is the same.
                .put(
                        "reason",
                        ("(step " + state.number(Progress.STEPS) + ") " + clipped(state.text(Progress.ANSWER)))
                                .strip());
        var call = ToolExecutionRequest.builder()
                .id("ask_" + UUID.randomUUID())
                .name(Tools.APPROVAL)
                .arguments(Json.text(arguments))
                .build();
        var asked = new Calling(tools, work, 0).result(call);
        if (Approval.asked(List.of(asked)).isEmpty() && status(asked).isEmpty()) {
            throw new EndedException("people cannot be asked: " + ((ToolExecutionResultMessage) asked).text());
        }
        return Map.of(Progress.ASKED, Progress.written(List.of(asked)));
    }

    private Map<String, String> decision(Progress state) throws IOException, InterruptedException {
        var status = status(after(state, Progress.ASKED).getFirst());
        work.say("a person was asked: " + clipped(status));
        return Map.of(Progress.ASKED, "", Progress.CHOICE, status.equals("approved") ? "approved" : "denied");
    }

    /// What came of a question; empty where it is not there any more.
    private static String status(ChatMessage decided) {
        try {
            return Json.read(((ToolExecutionResultMessage) decided).text())
                    .path("status")
                    .asText();
        } catch (Json.MalformedException gone) {
            return "";
        }
    }

    private static String clipped(String text) {
        return text.length() > SAID_LENGTH_MAX ? text.substring(0, SAID_LENGTH_MAX) + "…" : text;
    }
}
