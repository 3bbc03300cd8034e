package ai.molecule.agent.model;

import ai.molecule.agent.Tools;
import ai.molecule.agent.Tools.Outcome;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/// A question to people, as it stands in a conversation: the result of a call that is not there yet.
public final class Approval {

    private static final String MARK = "waits_for_approval";
    private static final String ACTION = "action";

    private Approval() {}

    /// The place of a decision that is not made yet.
    static ChatMessage open(ToolExecutionRequest call, Outcome.Asked asked) {
        return ToolExecutionResultMessage.from(
                call, Json.text(Json.object().put(MARK, asked.approval()).put(ACTION, asked.action())));
    }

    /// What people have still to decide.
    public static List<String> asked(List<ChatMessage> said) {
        return said.stream()
                .flatMap(message -> place(message).stream())
                .map(place -> place.path(ACTION).asText())
                .toList();
    }

    /// Puts decisions where they are missing.
    public static void settle(List<ChatMessage> said, Tools tools) throws IOException, InterruptedException {
        for (int i = 0; i < said.size(); i++) {
            var place = place(said.get(i));
            if (place.isEmpty()) {
                continue;
            }
            var decided = tools.decided(place.get().path(MARK).asText());
            if (decided.isPresent()) {
                var result = (ToolExecutionResultMessage) said.get(i);
                said.set(i, ToolExecutionResultMessage.from(result.id(), result.toolName(), decided.get()));
            }
        }
    }

    private static Optional<JsonNode> place(ChatMessage message) {
        return message instanceof ToolExecutionResultMessage result
                        && result.text().startsWith("{\"" + MARK)
                ? Optional.of(Json.trusted(result.text()))
                : Optional.empty();
    }
}
