package ai.molecule.agent.cli;

import ai.molecule.agent.Tools;
import ai.molecule.agent.Usage;
import ai.molecule.agent.Work;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a program tells in one turn, as it is seen on the task. Told by one thread.
final class Hearing {

    /// How often a model may be asked in one turn.
    static final int ROUNDS_MAX = 30;

    private static final int PROBLEM_LENGTH_MAX = 1000;

    private final Work work;
    private final ToolServer tools;
    private final Runnable stop;
    private Usage usage;
    private String session = "";
    private String problem = "";
    private String held = "";
    private boolean over;
    private boolean lost;
    private boolean wrote;
    private boolean apart;

    /// @param stop ends the program
    Hearing(Work work, String model, ToolServer tools, Runnable stop) {
        this.work = work;
        this.tools = tools;
        this.stop = stop;
        this.usage = Usage.none(model);
    }

    /// What came of a turn.
    ///
    /// @param asked what people were asked and have not decided, by the ids of the approvals
    /// @param problem why nothing came of it; empty for none
    /// @param sessionLost true where there is no such session any more
    record Told(String session, Map<String, String> asked, String problem, boolean sessionLost) {
        Told {
            asked = Map.copyOf(asked);
        }
    }

    /// Its session is this one.
    void session(String id) {
        session = id.isEmpty() ? session : id;
    }

    /// There is no such session any more.
    void sessionLost() {
        lost = true;
    }

    /// It says something that is no answer.
    void says(String text) {
        work.say(text);
    }

    /// It writes a piece of its answer.
    void writes(String text) {
        if (!text.isEmpty()) {
            flush(false);
            held = apart ? "\n\n" + text : text;
            apart = false;
            wrote = true;
        }
    }

    /// It writes a piece of its answer, and nobody knows when the next one comes.
    void writesAtOnce(String text) {
        writes(text);
        flush(false);
    }

    /// What it writes next is another paragraph.
    void paragraph() {
        apart = wrote;
    }

    /// It calls a tool.
    void calls(String tool) {
        flush(false);
        if (tools.asked().isEmpty() || tool.equals(Tools.APPROVAL)) {
            work.say("calls " + tool);
        } else {
            // It was told to end its turn: nothing is done before a person has decided.
            stop.run();
        }
    }

    /// Its model was asked once more.
    void used(long input, long output) {
        used(1, input, output);
    }

    /// Its model was asked some times.
    void used(int calls, long input, long output) {
        usage = usage.plus(calls, input, output);
        work.used(usage);
        if (usage.calls() > ROUNDS_MAX) {
            problem = "the model was asked " + ROUNDS_MAX + " times and found no end";
            stop.run();
        }
    }

    /// Nothing comes of it.
    void fails(String why) {
        problem = why.isBlank() ? "no result" : why.strip();
    }

    /// It has said all.
    void over() {
        over = true;
    }

    /// Which piece is the last one is known only afterwards.
    private void flush(boolean last) {
        if (!held.isEmpty()) {
            work.write(held, last);
            held = "";
        }
    }

    Told told(Cli cli, Cli.Conversation conversation, int code, String errors, @Nullable Exception broken) {
        flush(problem.isEmpty() && broken == null);
        if (lost || conversation.lostSession(errors)) {
            return new Told("", Map.of(), clipped(problem.isEmpty() ? errors : problem), true);
        }
        if (broken != null) {
            return new Told(
                    session, Map.of(), cli.description() + "'s answer broke off: " + broken.getMessage(), false);
        }
        var asked = tools.asked();
        var why = problem;
        if (why.isEmpty() && asked.isEmpty() && (!over || code != 0)) {
            why = cli.description() + " " + conversation.why(code, errors);
        }
        return new Told(session, asked, clipped(why), false);
    }

    private static String clipped(String text) {
        return text.length() > PROBLEM_LENGTH_MAX ? text.substring(0, PROBLEM_LENGTH_MAX) + "…" : text;
    }
}
