package ai.molecule.agent;

import ai.molecule.protocol.WorkspaceId;
import java.io.IOException;

/// What an engine can do about the task it works on. Every step is seen at once by whoever follows the task.
public interface Work {

    /// True when the task stopped for an answer before, and this message is it.
    boolean continued();

    /// Adds a text to the task's artifact.
    ///
    /// @param last true for the artifact's last piece
    void write(String text, boolean last);

    /// Takes back what was written so far: what is written next takes its place.
    void retract();

    /// Says what it is doing now.
    void say(String text);

    /// The task is done.
    void complete();

    /// The task cannot be done.
    void fail(String why);

    /// The task waits for an answer of its caller.
    void ask(String question);

    /// Tells what models were asked in the course of the task so far; shown as `metadata.usage` of the task.
    void used(Usage usage);

    /// In whose course the task runs, for calls that belong to it (W3C Trace Context, `traceparent`); empty for none.
    String course();

    /// Sends a text to a peer, through the platform, and waits for its answer.
    ///
    /// @throws IOException when the peer cannot be reached or refuses
    String consult(WorkspaceId peer, String text) throws IOException, InterruptedException;
}
