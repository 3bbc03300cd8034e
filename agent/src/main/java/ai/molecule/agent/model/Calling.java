package ai.molecule.agent.model;

import ai.molecule.agent.Tools;
import ai.molecule.agent.Work;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import java.io.IOException;

/// Calls the tools that a model asks for, in the course of one message.
public final class Calling {

    private static final int CALLS_MAX = 50;
    private static final int RESULT_LENGTH_MAX = 20_000;

    private final Tools tools;
    private final Work work;
    private int made;

    /// @param made how many calls there were for this message before
    public Calling(Tools tools, Work work, int made) {
        this.tools = tools;
        this.work = work;
        this.made = made;
    }

    /// How many calls there were for this message.
    public int made() {
        return made;
    }

    /// What a call answers, for the conversation; a question to people has a place there without an answer
    /// ([Approval]).
    public ChatMessage result(ToolExecutionRequest call) throws IOException, InterruptedException {
        return switch (called(call)) {
            case Tools.Outcome.Told(var text) -> ToolExecutionResultMessage.from(call, clipped(text));
            case Tools.Outcome.Asked question -> Approval.open(call, question);
        };
    }

    private Tools.Outcome called(ToolExecutionRequest call) throws IOException, InterruptedException {
        if (++made > CALLS_MAX) {
            return new Tools.Outcome.Told("These are too many calls for one message; answer with what you know");
        }
        work.say("calls " + call.name());
        return tools.call(call, work.course());
    }

    private static String clipped(String result) {
        return result.length() > RESULT_LENGTH_MAX ? result.substring(0, RESULT_LENGTH_MAX) + "…" : result;
    }
}
