package ai.molecule.agent;

import ai.molecule.protocol.Message;
import ai.molecule.protocol.WorkspaceId;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/// Keeps what an engine reports.
public final class TestWork implements Work {

    private final List<String> pieces = new CopyOnWriteArrayList<>();
    private final List<String> said = new CopyOnWriteArrayList<>();
    private volatile boolean closed;
    private volatile String end = "";
    private volatile Usage usage = Usage.none("nothing");

    /// Lets an engine work on a message.
    public static TestWork of(Engine engine, String context, String text) throws Exception {
        return of(engine, context, "t", "m", text);
    }

    /// Lets an engine work on a message of a task.
    public static TestWork of(Engine engine, String context, String task, String messageId, String text)
            throws Exception {
        var work = new TestWork();
        engine.work(new Message(messageId, context, task, true, List.of(text)), work);
        return work;
    }

    /// What it said, as it came.
    public List<String> pieces() {
        return List.copyOf(pieces);
    }

    /// All that it said.
    public String text() {
        return String.join("", pieces);
    }

    /// What it said of itself.
    public List<String> said() {
        return List.copyOf(said);
    }

    /// True when the last piece was told to be the last.
    public boolean closed() {
        return closed;
    }

    /// How it ended; empty while it goes on.
    public String end() {
        return end;
    }

    /// What it took.
    public Usage usage() {
        return usage;
    }

    @Override
    public boolean continued() {
        return false;
    }

    @Override
    public void write(String text, boolean last) {
        pieces.add(text);
        closed = last;
    }

    @Override
    public void retract() {
        pieces.clear();
    }

    @Override
    public void say(String text) {
        said.add(text);
    }

    @Override
    public void complete() {
        end = "completed";
    }

    @Override
    public void fail(String why) {
        end = "failed: " + why;
    }

    @Override
    public void ask(String question) {
        end = "asked: " + question;
    }

    @Override
    public void used(Usage now) {
        usage = now;
    }

    @Override
    public String course() {
        return "";
    }

    @Override
    public String consult(WorkspaceId peer, String text) {
        throw new AssertionError("nobody is consulted here");
    }
}
