package ai.molecule.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Optional;

/// A2A 0.3 (sections 6 and 7), written from and read into the form of 1.0.
public final class Legacy {

    private Legacy() {}

    /// The parameters of a 0.3 call, in the form of 1.0.
    static ObjectNode params(A2aMethod method, JsonNode source) {
        var params = Canonical.camel(source);
        return switch (method) {
            case SEND, STREAM -> sendParams(params);
            case CREATE_PUSH -> pushParams(params);
            case GET_PUSH, DELETE_PUSH -> {
                var task = params.path("id").asText("");
                var config = params.path("pushNotificationConfigId").asText("");
                params.remove("pushNotificationConfigId");
                yield params.put("taskId", params.path("taskId").asText(task)).put("id", config);
            }
            case LIST_PUSH -> {
                var id = params.remove("id");
                yield params.put("taskId", id == null ? params.path("taskId").asText("") : id.asText());
            }
            case GET, LIST, CANCEL, SUBSCRIBE, EXTENDED_CARD -> params;
        };
    }

    private static ObjectNode sendParams(ObjectNode params) {
        if (params.path("configuration").isObject()) {
            var configuration = Canonical.camel(params.path("configuration"));
            var blocking = configuration.remove("blocking");
            if (blocking != null) {
                configuration.put("returnImmediately", !blocking.asBoolean(true));
            }
            var push = configuration.remove("pushNotificationConfig");
            if (push != null && push.isObject()) {
                configuration.set("taskPushNotificationConfig", flatConfig(push));
            }
            params.set("configuration", configuration);
        }
        return params;
    }

    private static ObjectNode pushParams(ObjectNode params) {
        var nested = params.remove("pushNotificationConfig");
        if (nested == null || !nested.isObject()) {
            return params;
        }
        return flatConfig(nested).put("taskId", params.path("taskId").asText(""));
    }

    private static ObjectNode flatConfig(JsonNode nested) {
        var config = Canonical.camel(nested);
        if (config.path("authentication").isObject()) {
            var authentication = Canonical.camel(config.path("authentication"));
            var schemes = authentication.remove("schemes");
            if (schemes != null && !schemes.isEmpty()) {
                authentication.put("scheme", schemes.path(0).asText());
            }
            config.set("authentication", authentication);
        }
        return config;
    }

    /// The parameters of a call to an agent that speaks 0.3.
    public static ObjectNode sendParams(JsonNode params, boolean blocking) {
        var legacy = params.deepCopy() instanceof ObjectNode copy ? copy : Json.object();
        legacy.set("message", message(params.path("message")));
        var configuration = legacy.path("configuration") instanceof ObjectNode given ? given : Json.object();
        configuration.remove("returnImmediately");
        configuration.remove("taskPushNotificationConfig");
        legacy.set("configuration", configuration.put("blocking", blocking));
        return legacy;
    }

    /// A result of a call, as 0.3 writes it.
    static JsonNode result(A2aMethod method, JsonNode result) {
        return switch (method) {
            case SEND, STREAM, SUBSCRIBE -> event((ObjectNode) result);
            case GET, CANCEL -> task(result);
            case LIST -> {
                var list = (ObjectNode) result.deepCopy();
                list.set("tasks", Canonical.each(result.path("tasks"), Legacy::task));
                yield list;
            }
            case CREATE_PUSH, GET_PUSH -> pushConfig(result);
            case LIST_PUSH -> Canonical.each(result.path("configs"), Legacy::pushConfig);
            case DELETE_PUSH -> Json.nothing();
            case EXTENDED_CARD -> result;
        };
    }

    /// An event, as 0.3 writes it: told apart by `kind`, with `final` on the last status.
    public static ObjectNode event(ObjectNode event) {
        if (event.path("task") instanceof ObjectNode task) {
            return task(task);
        }
        if (event.path("message") instanceof ObjectNode message) {
            return message(message);
        }
        if (event.path("statusUpdate") instanceof ObjectNode update) {
            var legacy = first("kind", "status-update", update);
            legacy.set("status", status(update.path("status")));
            var settles = TaskState.parse(update.path("status").path("state").asText(""))
                    .filter(TaskState::settles)
                    .isPresent();
            return legacy.put("final", settles);
        }
        var update = event.path("artifactUpdate");
        var legacy = first("kind", "artifact-update", update);
        legacy.set("artifact", artifact(update.path("artifact")));
        return legacy;
    }

    /// A task, as 0.3 writes it.
    public static ObjectNode task(JsonNode task) {
        var legacy = first("kind", "task", task);
        legacy.set("status", status(task.path("status")));
        if (task.has("artifacts")) {
            legacy.set("artifacts", Canonical.each(task.path("artifacts"), Legacy::artifact));
        }
        if (task.has("history")) {
            legacy.set("history", Canonical.each(task.path("history"), Legacy::message));
        }
        return legacy;
    }

    /// A message, as 0.3 writes it.
    public static ObjectNode message(JsonNode message) {
        var legacy = first("kind", "message", message);
        legacy.put("role", message.path("role").asText("").equals("ROLE_AGENT") ? "agent" : "user");
        legacy.set("parts", parts(message.path("parts")));
        return legacy;
    }

    private static ObjectNode status(JsonNode status) {
        var legacy = status.deepCopy() instanceof ObjectNode copy ? copy : Json.object();
        var state = status.path("state").asText("");
        Optional<TaskState> known = TaskState.parse(state);
        legacy.put("state", known.map(found -> found.wire(A2aVersion.V0_3)).orElse("unknown"));
        if (status.path("message").isObject()) {
            legacy.set("message", message(status.path("message")));
        }
        return legacy;
    }

    private static ObjectNode artifact(JsonNode artifact) {
        var legacy = (ObjectNode) artifact.deepCopy();
        legacy.set("parts", parts(artifact.path("parts")));
        return legacy;
    }

    private static ArrayNode parts(JsonNode parts) {
        return Canonical.each(parts, Legacy::part);
    }

    private static ObjectNode part(JsonNode part) {
        if (part.has("text")) {
            return first("kind", "text", part);
        }
        if (part.has("raw") || part.has("url")) {
            var legacy = first("kind", "file", part);
            var file = Json.object();
            move(legacy, "raw", file, "bytes");
            move(legacy, "url", file, "uri");
            move(legacy, "mediaType", file, "mimeType");
            move(legacy, "filename", file, "name");
            legacy.set("file", file);
            return legacy;
        }
        var legacy = first("kind", "data", part);
        if (!part.path("data").isObject()) {
            legacy.set("data", Canonical.camel(Json.object().set("value", part.path("data"))));
        }
        return legacy;
    }

    private static ObjectNode pushConfig(JsonNode config) {
        var legacy = Json.object().put("taskId", config.path("taskId").asText());
        var nested = (ObjectNode) config.deepCopy();
        nested.remove("taskId");
        if (nested.path("authentication") instanceof ObjectNode authentication) {
            var scheme = authentication.remove("scheme");
            if (scheme != null) {
                authentication.putArray("schemes").add(scheme);
            }
        }
        legacy.set("pushNotificationConfig", nested);
        return legacy;
    }

    private static void move(ObjectNode from, String name, ObjectNode to, String other) {
        var value = from.remove(name);
        if (value != null) {
            to.set(other, value);
        }
    }

    private static ObjectNode first(String name, String value, JsonNode rest) {
        var object = Json.object().put(name, value);
        rest.properties().forEach(field -> object.set(field.getKey(), field.getValue()));
        return object;
    }
}
