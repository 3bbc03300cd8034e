package ai.molecule.platform.a2a;

import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Canonical;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Legacy;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// One task in its agent's words and in ours: agents call tasks and contexts by names of their own, and may
/// speak the older version. What nobody here knows passes unchanged.
final class AgentWords {

    private final String task;
    private final String context;
    private String theirTask;
    private String theirContext;

    /// @param theirTask what the agent calls the task; empty while it does not know it
    /// @param theirContext what the agent calls the context; empty when it calls it as we do
    AgentWords(String task, String context, String theirTask, String theirContext) {
        this.task = task;
        this.context = context;
        this.theirTask = theirTask;
        this.theirContext = theirContext;
    }

    String theirTask() {
        return theirTask;
    }

    String theirContext() {
        return theirContext;
    }

    /// The parameters of a message, as they are sent to the agent.
    ///
    /// @param names what the agent calls other tasks of ours, those that the message refers to
    ObjectNode send(JsonNode params, A2aVersion speaks, UnaryOperator<String> names) {
        var sent = params.deepCopy() instanceof ObjectNode copy ? copy : Json.object();
        if (sent.path("message") instanceof ObjectNode message) {
            message.remove("taskId");
            if (!theirTask.isEmpty()) {
                message.put("taskId", theirTask);
            }
            message.put("contextId", theirContext.isEmpty() ? context : theirContext);
            if (message.path("referenceTaskIds") instanceof ArrayNode references) {
                var theirs = Json.array();
                references.forEach(reference -> theirs.add(names.apply(reference.asText(""))));
                message.set("referenceTaskIds", theirs);
            }
        }
        if (sent.path("configuration") instanceof ObjectNode configuration) {
            configuration.remove("taskPushNotificationConfig");
            configuration.remove("returnImmediately");
            configuration.remove("historyLength");
        }
        return switch (speaks) {
            case V1_0 -> sent;
            case V0_3 -> Legacy.sendParams(sent, true);
        };
    }

    /// The headers that go with a message.
    Map<String, String> headers(JsonNode request) {
        var headers = new LinkedHashMap<String, String>();
        request.path("headers")
                .properties()
                .forEach(field -> headers.put(field.getKey(), field.getValue().asText()));
        return headers;
    }

    /// The parameters of a question about the task.
    ObjectNode about() {
        return Json.object().put("id", theirTask);
    }

    /// Reads what the agent says of the task, a result or an event, into our words; empty when it makes no
    /// sense.
    Optional<ObjectNode> read(JsonNode result) {
        return Canonical.event(result).map(this::named);
    }

    private ObjectNode named(ObjectNode event) {
        if (event.path("task") instanceof ObjectNode whole) {
            learn(whole.path("id").asText(""), whole.path("contextId").asText(""));
            whole.put("id", task).put("contextId", context);
            nameStatus(whole.path("status"));
            whole.path("history").forEach(this::nameMessage);
        }
        for (var name : new String[] {"statusUpdate", "artifactUpdate"}) {
            if (event.path(name) instanceof ObjectNode update) {
                learn(update.path("taskId").asText(""), update.path("contextId").asText(""));
                update.put("taskId", task).put("contextId", context);
                nameStatus(update.path("status"));
            }
        }
        nameMessage(event.path("message"));
        return event;
    }

    private void nameStatus(JsonNode status) {
        nameMessage(status.path("message"));
    }

    private void nameMessage(JsonNode message) {
        if (message instanceof ObjectNode named) {
            if (named.has("taskId")) {
                named.put("taskId", task);
            }
            named.put("contextId", context);
        }
    }

    /// Hears what the agent calls the task, as somebody else learnt it.
    void learn(String taskName) {
        learn(taskName, "");
    }

    private void learn(String taskName, String contextName) {
        theirTask = taskName.isEmpty() ? theirTask : taskName;
        theirContext = contextName.isEmpty() || contextName.equals(context) ? theirContext : contextName;
    }
}
