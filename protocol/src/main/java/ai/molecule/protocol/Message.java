package ai.molecule.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// One A2A message of text parts. Reading accepts every spelling that is out there: `kind` or `type`, camel or snake
/// case, a missing id.
public record Message(
        String messageId,
        @Nullable String contextId,
        @Nullable String taskId,
        boolean fromUser,
        List<String> texts) {

    public Message {
        texts = List.copyOf(texts);
    }

    /// A message of a user with one text part.
    public static Message fromUser(String text) {
        return new Message(UUID.randomUUID().toString(), null, null, true, List.of(text));
    }

    /// A message of an agent with one text part.
    public static Message fromAgent(String contextId, String taskId, String text) {
        return new Message(UUID.randomUUID().toString(), contextId, taskId, false, List.of(text));
    }

    /// Reads the `message` of a send call; empty when there is none or it has no parts.
    public static Optional<Message> read(JsonNode message) {
        var parts = message.path("parts");
        if (!message.isObject() || !parts.isArray() || parts.isEmpty()) {
            return Optional.empty();
        }
        var texts = new ArrayList<String>();
        for (var part : parts) {
            if (part.path("text").isTextual()) {
                texts.add(part.path("text").textValue());
            }
        }
        var id = text(message, "messageId", "message_id");
        var role = message.path("role").asText("user");
        return Optional.of(new Message(
                id == null ? UUID.randomUUID().toString() : id,
                text(message, "contextId", "context_id"),
                text(message, "taskId", "task_id"),
                role.equals("user") || role.equals("ROLE_USER"),
                texts));
    }

    /// The same message as one of a task.
    public Message in(String context, String task) {
        return new Message(messageId, context, task, fromUser, texts);
    }

    /// All text, one part a line.
    public String text() {
        return String.join("\n", texts);
    }

    /// All text of a message as it is on the wire, one part a line; what other parts hold is none.
    public static String text(JsonNode message) {
        var lines = new ArrayList<String>();
        for (var part : message.path("parts")) {
            if (part.path("text").isTextual()) {
                lines.add(part.path("text").asText());
            }
        }
        return String.join("\n", lines);
    }

    /// What a task came to as it is on the wire: what it made, or else what its agent said last.
    public static String outcome(JsonNode task) {
        var made = new StringBuilder();
        task.path("artifacts").forEach(artifact -> made.append(joined(artifact)));
        return made.isEmpty() ? joined(task.path("status").path("message")) : made.toString();
    }

    /// Pieces of one text.
    private static String joined(JsonNode pieces) {
        var whole = new StringBuilder();
        pieces.path("parts").forEach(part -> whole.append(part.path("text").asText()));
        return whole.toString();
    }

    /// Writes the message for a version.
    public ObjectNode toJson(A2aVersion version) {
        var json = Json.object();
        switch (version) {
            case V0_3 -> json.put("kind", "message").put("role", fromUser ? "user" : "agent");
            case V1_0 -> json.put("role", fromUser ? "ROLE_USER" : "ROLE_AGENT");
        }
        json.put("messageId", messageId);
        if (contextId != null) {
            json.put("contextId", contextId);
        }
        if (taskId != null) {
            json.put("taskId", taskId);
        }
        var parts = json.putArray("parts");
        texts.forEach(text -> parts.add(textPart(text, version)));
        return json;
    }

    static ObjectNode textPart(String text, A2aVersion version) {
        var part = Json.object();
        if (version == A2aVersion.V0_3) {
            part.put("kind", "text");
        }
        return part.put("text", text);
    }

    private static @Nullable String text(JsonNode node, String camel, String snake) {
        for (var name : List.of(camel, snake)) {
            if (node.path(name).isTextual() && !node.path(name).textValue().isEmpty()) {
                return node.path(name).textValue();
            }
        }
        return null;
    }
}
