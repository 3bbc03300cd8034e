package ai.molecule.agent.hermes;

import ai.molecule.agent.hermes.Tools.Outcome;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Message;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// A question to people, as it stands in a conversation: the result of a call that is not there yet.
final class Approval {

    private static final String MARK = "waits_for_approval";

    private Approval() {}

    /// The place of a decision that is not made yet.
    static ChatMessage open(ToolExecutionRequest call, Outcome.Asked asked) {
        return ToolExecutionResultMessage.from(
                call, Json.text(Json.object().put(MARK, asked.approval()).put("action", asked.action())));
    }

    /// Puts decisions where they are missing.
    ///
    /// @return what people have still to decide
    static List<String> settle(List<ChatMessage> said, Tools tools) throws IOException, InterruptedException {
        var open = new ArrayList<String>();
        for (int i = 0; i < said.size(); i++) {
            if (!(said.get(i) instanceof ToolExecutionResultMessage result)
                    || !result.text().startsWith("{\"" + MARK)) {
                continue;
            }
            var place = Json.trusted(result.text());
            var decided = tools.decided(place.path(MARK).asText());
            if (decided.isPresent()) {
                said.set(i, ToolExecutionResultMessage.from(result.id(), result.toolName(), decided.get()));
            } else {
                open.add(place.path("action").asText());
            }
        }
        return open;
    }

    /// True for a message by which the platform says only that something was decided.
    static boolean tells(Message message) {
        return message.messageId().startsWith("approval ");
    }

    /// What the task's caller is told meanwhile.
    static String question(List<String> actions) {
        return "Waits for a person to decide: " + String.join("; ", actions);
    }
}
