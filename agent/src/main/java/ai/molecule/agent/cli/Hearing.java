package ai.molecule.agent.cli;

import ai.molecule.agent.Tools;
import ai.molecule.agent.Usage;
import ai.molecule.agent.Work;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// What a program tells in one turn, as it is seen on the task. After it was asked what came of it ([#told]) nobody
/// hears it any more, whoever still speaks.
final class Hearing {

    /// How often a model may be asked in one turn.
    static final int ROUNDS_MAX = 30;

    private static final int PROBLEM_LENGTH_MAX = 1000;
    private static final int HEAD_LENGTH = 200;

    private final Work work;
    private final ToolServer tools;
    private final Runnable stop;
    private final UnaryOperator<String> masked;
    private final StringBuilder written = new StringBuilder();
    private Usage usage;
    private String session = "";
    private String problem = "";
    private String held = "";
    private int kept;
    private boolean over;
    private boolean lost;
    private boolean apart;
    private boolean closed;

    /// @param masked a text without what only the program may know
    /// @param stop ends the program
    Hearing(Work work, String model, ToolServer tools, UnaryOperator<String> masked, Runnable stop) {
        this.work = work;
        this.tools = tools;
        this.masked = masked;
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
    synchronized void session(String id) {
        session = id.isEmpty() ? session : id;
    }

    /// There is no such session any more.
    synchronized void sessionLost() {
        lost = true;
    }

    /// It says something that is no answer.
    synchronized void says(String text) {
        if (!closed) {
            work.say(shown(text));
        }
    }

    /// It writes a piece of its answer.
    synchronized void writes(String text) {
        if (!closed && !text.isEmpty()) {
            flush(false);
            held = apart ? "\n\n" + text : text;
            apart = false;
        }
    }

    /// It writes a piece of its answer, and nobody knows when the next one comes.
    synchronized void writesAtOnce(String text) {
        writes(text);
        flush(false);
    }

    /// What it writes next is another paragraph, and what it wrote stays.
    synchronized void paragraph() {
        kept = written.length() + held.length();
        apart = kept > 0;
    }

    /// It says its paragraph again, from its beginning.
    synchronized void again() {
        if (!closed && written.length() + held.length() > kept) {
            var before = (written + held).substring(0, kept);
            held = "";
            written.setLength(0);
            work.retract();
            if (kept > 0) {
                work.write(before, false);
                written.append(before);
            }
            apart = kept > 0;
        }
    }

    /// It calls a tool.
    synchronized void calls(String tool) {
        if (closed) {
            return;
        }
        flush(false);
        if (tools.asked().isEmpty() || tool.equals(Tools.APPROVAL)) {
            work.say("calls " + tool);
        } else {
            // It was told to end its turn: nothing is done before a person has decided.
            stop.run();
        }
    }

    /// Its model was asked once more.
    synchronized void used(long input, long output) {
        used(1, input, output);
    }

    /// Its model was asked some times.
    synchronized void used(int calls, long input, long output) {
        if (closed) {
            return;
        }
        usage = usage.plus(calls, input, output);
        work.used(usage);
        if (usage.calls() > ROUNDS_MAX) {
            problem = "the model was asked " + ROUNDS_MAX + " times and found no end";
            stop.run();
        }
    }

    /// Nothing comes of it.
    synchronized void fails(String why) {
        problem = why.isBlank() ? "no result" : why.strip();
    }

    /// It has said all.
    synchronized void over() {
        over = true;
    }

    /// Which piece is the last one is known only afterwards.
    private void flush(boolean last) {
        if (!held.isEmpty()) {
            work.write(held, last);
            written.append(held);
            held = "";
        }
    }

    /// What came of it.
    ///
    /// @param errors the end of what it wrote to its standard error
    /// @param broken why what it wrote could not be heard to its end; null where it could
    synchronized Told told(
            Cli cli, Cli.Conversation conversation, int code, String errors, @Nullable Exception broken) {
        flush(problem.isEmpty() && broken == null);
        closed = true;
        var asked = tools.asked();
        if (lost || conversation.lostSession(errors)) {
            return new Told("", asked, shown(problem.isEmpty() ? errors : problem), true);
        }
        var why = problem;
        if (why.isEmpty() && broken != null) {
            why = cli.description() + "'s answer broke off: " + broken.getMessage();
        }
        if (why.isEmpty() && asked.isEmpty() && (!over || code != 0)) {
            why = cli.description() + " " + conversation.why(code, errors);
        }
        return new Told(session, asked, shown(why), false);
    }

    /// The beginning of a long text and its end, where causes are; without what only the program may know.
    private String shown(String text) {
        var shown = masked.apply(text);
        return shown.length() > PROBLEM_LENGTH_MAX
                ? shown.substring(0, HEAD_LENGTH) + " … "
                        + shown.substring(shown.length() - PROBLEM_LENGTH_MAX + HEAD_LENGTH)
                : shown;
    }
}
