package ai.molecule.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/// Reads messages, tasks and events in every spelling that is out there (A2A 1.0, 0.3, snake case, `kind` or
/// `type` parts) into the form of A2A 1.0, section 4. Fields that nobody here knows stay where they are.
public final class Canonical {

    private static final Map<String, String> CAMEL = Map.ofEntries(
            Map.entry("message_id", "messageId"),
            Map.entry("context_id", "contextId"),
            Map.entry("task_id", "taskId"),
            Map.entry("reference_task_ids", "referenceTaskIds"),
            Map.entry("artifact_id", "artifactId"),
            Map.entry("media_type", "mediaType"),
            Map.entry("last_chunk", "lastChunk"),
            Map.entry("status_update", "statusUpdate"),
            Map.entry("artifact_update", "artifactUpdate"),
            Map.entry("history_length", "historyLength"),
            Map.entry("return_immediately", "returnImmediately"),
            Map.entry("accepted_output_modes", "acceptedOutputModes"),
            Map.entry("task_push_notification_config", "taskPushNotificationConfig"),
            Map.entry("push_notification_config", "pushNotificationConfig"),
            Map.entry("push_notification_config_id", "pushNotificationConfigId"),
            Map.entry("page_size", "pageSize"),
            Map.entry("page_token", "pageToken"),
            Map.entry("include_artifacts", "includeArtifacts"),
            Map.entry("status_timestamp_after", "statusTimestampAfter"));

    private Canonical() {}

    /// A copy of an object whose known fields are in camel case, one level deep.
    static ObjectNode camel(JsonNode source) {
        var copy = Json.object();
        for (var field : source.properties()) {
            var name = CAMEL.getOrDefault(field.getKey(), field.getKey());
            if (name.equals(field.getKey()) || !source.has(name)) {
                copy.set(name, field.getValue());
            }
        }
        return copy;
    }

    /// Reads a message; empty when it is no object or has no parts.
    ///
    /// @param role the role of a message that names none, in the words of 1.0
    public static Optional<ObjectNode> message(JsonNode source, String role) {
        if (!source.isObject()
                || !source.path("parts").isArray()
                || source.path("parts").isEmpty()) {
            return Optional.empty();
        }
        var message = camel(source);
        message.remove("kind");
        if (message.path("messageId").asText("").isEmpty()) {
            message.put("messageId", madeUpId(source, role));
        }
        message.put("role", role(message.path("role").asText(""), role));
        dropBlank(message, "contextId");
        dropBlank(message, "taskId");
        message.set("parts", parts(message.path("parts")));
        return Optional.of(message);
    }

    /// A caller's message without an id is a new one each time; an agent's that is read again is the same one.
    private static String madeUpId(JsonNode message, String role) {
        return (role.equals("ROLE_USER") ? UUID.randomUUID() : UUID.nameUUIDFromBytes(Json.bytes(message))).toString();
    }

    /// Reads a task.
    public static ObjectNode task(JsonNode source) {
        var task = camel(source);
        task.remove("kind");
        task.set("status", status(task.path("status")));
        if (task.path("artifacts").isArray()) {
            task.set("artifacts", each(task.path("artifacts"), Canonical::artifact));
        }
        if (task.path("history").isArray()) {
            var history = Json.array();
            task.path("history")
                    .forEach(message -> message(message, "ROLE_AGENT").ifPresent(history::add));
            task.set("history", history);
        }
        return task;
    }

    /// Reads what a stream carries, or what a send came to: wrapped, as in 1.0. Empty when it is none of the
    /// four.
    public static Optional<ObjectNode> event(JsonNode source) {
        if (!source.isObject()) {
            return Optional.empty();
        }
        var object = camel(source);
        for (var name : Kind.values()) {
            if (object.path(name.wire).isObject()) {
                return unwrapped(name, object.path(name.wire));
            }
        }
        return kind(object).flatMap(kind -> unwrapped(kind, object));
    }

    /// The four things that an answer or an event can hold.
    enum Kind {
        TASK("task"),
        MESSAGE("message"),
        STATUS_UPDATE("statusUpdate"),
        ARTIFACT_UPDATE("artifactUpdate");

        private final String wire;

        Kind(String wire) {
            this.wire = wire;
        }
    }

    private static Optional<Kind> kind(ObjectNode object) {
        return switch (object.path("kind").asText("")) {
            case "task" -> Optional.of(Kind.TASK);
            case "message" -> Optional.of(Kind.MESSAGE);
            case "status-update" -> Optional.of(Kind.STATUS_UPDATE);
            case "artifact-update" -> Optional.of(Kind.ARTIFACT_UPDATE);
            default -> kindByShape(object);
        };
    }

    private static Optional<Kind> kindByShape(ObjectNode object) {
        if (object.path("parts").isArray()) {
            return Optional.of(Kind.MESSAGE);
        }
        if (object.path("artifact").isObject()) {
            return Optional.of(Kind.ARTIFACT_UPDATE);
        }
        if (object.path("status").isObject()) {
            return Optional.of(object.has("id") ? Kind.TASK : Kind.STATUS_UPDATE);
        }
        return Optional.empty();
    }

    private static Optional<ObjectNode> unwrapped(Kind kind, JsonNode inner) {
        return switch (kind) {
            case TASK -> Optional.of(wrap("task", task(inner)));
            case MESSAGE -> message(inner, "ROLE_AGENT").map(message -> wrap("message", message));
            case STATUS_UPDATE -> {
                var update = camel(inner);
                update.remove("kind");
                update.remove("final");
                update.set("status", status(update.path("status")));
                yield Optional.of(wrap("statusUpdate", update));
            }
            case ARTIFACT_UPDATE -> {
                var update = camel(inner);
                update.remove("kind");
                update.set("artifact", artifact(update.path("artifact")));
                yield Optional.of(wrap("artifactUpdate", update));
            }
        };
    }

    /// Wraps a value as 1.0 tells the four apart.
    public static ObjectNode wrap(String name, ObjectNode inner) {
        var outer = Json.object();
        outer.set(name, inner);
        return outer;
    }

    private static ObjectNode status(JsonNode source) {
        var status = camel(source);
        var state = status.path("state").asText("");
        TaskState.parse(state).ifPresent(known -> status.put("state", known.wire(A2aVersion.V1_0)));
        if (status.has("message")) {
            message(status.path("message"), "ROLE_AGENT")
                    .ifPresentOrElse(message -> status.set("message", message), () -> status.remove("message"));
        }
        return status;
    }

    private static ObjectNode artifact(JsonNode source) {
        var artifact = camel(source);
        if (artifact.path("artifactId").asText("").isEmpty()) {
            artifact.put("artifactId", "artifact");
        }
        artifact.set("parts", parts(artifact.path("parts")));
        return artifact;
    }

    private static ArrayNode parts(JsonNode source) {
        return each(source, Canonical::part);
    }

    private static ObjectNode part(JsonNode source) {
        var part = camel(source);
        part.remove("kind");
        if (part.path("type").asText("").matches("text|file|data")) {
            part.remove("type");
        }
        if (part.path("file").isObject()) {
            var file = camel(part.remove("file"));
            rename(file, "bytes", part, "raw");
            rename(file, "uri", part, "url");
            rename(file, "mimeType", part, "mediaType");
            rename(file, "mediaType", part, "mediaType");
            rename(file, "name", part, "filename");
            file.properties().forEach(field -> part.putIfAbsent(field.getKey(), field.getValue()));
        }
        rename(part, "mimeType", part, "mediaType");
        return part;
    }

    private static void rename(ObjectNode from, String old, ObjectNode to, String name) {
        var value = from.remove(old);
        if (value != null && !value.isNull()) {
            to.set(name, value);
        }
    }

    private static String role(String role, String otherwise) {
        return switch (role) {
            case "user", "ROLE_USER" -> "ROLE_USER";
            case "agent", "assistant", "ROLE_AGENT" -> "ROLE_AGENT";
            default -> otherwise;
        };
    }

    private static void dropBlank(ObjectNode object, String field) {
        if (object.has(field) && object.path(field).asText("").isEmpty()) {
            object.remove(field);
        }
    }

    static ArrayNode each(JsonNode source, java.util.function.Function<JsonNode, ? extends JsonNode> step) {
        var result = Json.array();
        source.forEach(value -> {
            if (value.isObject()) {
                result.add(step.apply(value));
            }
        });
        return result;
    }
}
