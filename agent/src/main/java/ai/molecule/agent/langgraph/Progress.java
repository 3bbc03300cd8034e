package ai.molecule.agent.langgraph;

import ai.molecule.agent.model.Approval;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ChatMessageDeserializer;
import dev.langchain4j.data.message.ChatMessageSerializer;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.bsc.langgraph4j.state.AgentState;

/// What is known on the way through a graph; all of it is text, so that it can be kept.
final class Progress extends AgentState {

    /// What was said in this turn, as JSON.
    static final String TURN = "turn";

    /// How many messages of the turns before it the turn has a summary of.
    static final String REPLACED = "replaced";

    /// The last message that was heard on the way.
    static final String HEARD = "heard";

    /// What was thought aside, by the step, as JSON.
    static final String NOTES = "notes";

    /// Where it goes on from here.
    static final String CHOICE = "choice";

    /// The last answer.
    static final String ANSWER = "answer";

    /// What a person was asked by a step, as JSON.
    static final String ASKED = "asked";

    /// How many tools were called.
    static final String CALLS = "calls";

    /// How many steps were taken.
    static final String STEPS = "steps";

    /// How many rounds of tools the step that acts had.
    static final String ROUNDS = "rounds";

    /// How often each step chose something else than its first choice, as JSON.
    static final String TRIES = "tries";

    Progress(Map<String, Object> data) {
        super(data);
    }

    /// What there is at the beginning.
    static Map<String, Object> beginning(ChatMessage asked) {
        return Map.of(TURN, written(List.of(asked)));
    }

    String text(String key) {
        return this.<String>value(key).orElse("");
    }

    int number(String key) {
        var text = text(key);
        return text.isEmpty() ? 0 : Integer.parseInt(text);
    }

    ObjectNode object(String key) {
        var text = text(key);
        return text.isEmpty() ? Json.object() : (ObjectNode) Json.trusted(text);
    }

    List<ChatMessage> messages(String key) {
        var text = text(key);
        return text.isEmpty() ? List.of() : ChatMessageDeserializer.messagesFromJson(text);
    }

    /// Of what was said before the turn, what it has no summary of.
    List<ChatMessage> rest(List<ChatMessage> before) {
        return before.subList(Math.min(number(REPLACED), before.size()), before.size());
    }

    /// The next call of a tool that has no result yet.
    Optional<ToolExecutionRequest> due() {
        var turn = messages(TURN);
        var results = 0;
        for (var message : turn.reversed()) {
            switch (message) {
                case ToolExecutionResultMessage result -> results++;
                case AiMessage answer
                when answer.hasToolExecutionRequests() -> {
                    var calls = answer.toolExecutionRequests();
                    return results < calls.size() ? Optional.of(calls.get(results)) : Optional.empty();
                }
                default -> {
                    return Optional.empty();
                }
            }
        }
        return Optional.empty();
    }

    /// What people have still to decide.
    List<String> waitsFor() {
        return Stream.of(TURN, ASKED)
                .flatMap(key -> Approval.asked(messages(key)).stream())
                .toList();
    }

    static String written(List<ChatMessage> messages) {
        return ChatMessageSerializer.messagesToJson(messages);
    }
}
