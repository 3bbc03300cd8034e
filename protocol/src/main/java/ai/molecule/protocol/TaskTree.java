package ai.molecule.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/// A task in the form of A2A 1.0 as its events make it: each event is applied to what the ones before it made.
///
/// Not safe for use by several threads at once.
public final class TaskTree {

    /// What an event can hold beside A2A's own: a message of the caller that goes into the history.
    public static final String HEARD = "heard";

    private ObjectNode task = Json.object();

    /// Applies an event. A message of the agent instead of a task ends the task with it.
    public void apply(ObjectNode event) {
        if (event.path("task") instanceof ObjectNode whole) {
            var before = task.path("history");
            task = whole.deepCopy();
            // Who drew the picture may not have known of a message that came meanwhile; what a caller said
            // stays said.
            before.forEach(message -> {
                if (message.path("role").asText("").equals("ROLE_USER")) {
                    addOnce(history(), message);
                }
            });
        }
        if (event.path(HEARD) instanceof ObjectNode message) {
            history().add(message);
        }
        if (event.path("statusUpdate") instanceof ObjectNode update) {
            come(update.path("status"));
            merge("metadata", update.path("metadata"));
        }
        if (event.path("artifactUpdate") instanceof ObjectNode update) {
            write(update);
        }
        if (event.path("message") instanceof ObjectNode message) {
            come(ended(message, event.path("at")));
        }
    }

    /// What an answer that is only a message makes of a task's status.
    public static ObjectNode ended(ObjectNode message, JsonNode at) {
        var status = Json.object().put("state", TaskState.COMPLETED.wire(A2aVersion.V1_0));
        status.set("message", message);
        if (at.isTextual()) {
            status.set("timestamp", at);
        }
        return status;
    }

    /// The task as it stands; the caller must not change it.
    public ObjectNode task() {
        return task;
    }

    /// Its state, submitted where an agent says something that nobody knows.
    public TaskState state() {
        return stateOf(task);
    }

    /// The state of a task.
    public static TaskState stateOf(JsonNode task) {
        return TaskState.parse(task.path("status").path("state").asText("")).orElse(TaskState.SUBMITTED);
    }

    /// Puts into another picture of the task what was said so far and is not in it, and what was made if it
    /// shows nothing of the kind.
    public void keepIn(ObjectNode picture) {
        var all = task.path("history") instanceof ArrayNode known ? known.deepCopy() : Json.array();
        if (task.path("status").path("message") instanceof ObjectNode said) {
            addOnce(all, said);
        }
        picture.path("history").forEach(message -> addOnce(all, message));
        var now = picture.path("status").path("message").path("messageId");
        for (int i = all.size() - 1; i >= 0; i--) {
            if (all.get(i).path("messageId").equals(now)) {
                all.remove(i);
            }
        }
        picture.set("history", all);
        if (!picture.has("artifacts") && task.path("artifacts") instanceof ArrayNode made) {
            picture.set("artifacts", made.deepCopy());
        }
    }

    /// A new status takes the place of the old one; what the old one said becomes history.
    private void come(JsonNode status) {
        if (task.path("status").path("message") instanceof ObjectNode said) {
            addOnce(history(), said);
        }
        task.set("status", status);
    }

    private static void addOnce(ArrayNode history, JsonNode message) {
        var id = message.path("messageId");
        for (var known : history) {
            if (known.path("messageId").equals(id)) {
                return;
            }
        }
        history.add(message);
    }

    private ArrayNode history() {
        return task.path("history") instanceof ArrayNode history ? history : task.putArray("history");
    }

    private void write(ObjectNode update) {
        var artifact = (ObjectNode) update.path("artifact").deepCopy();
        var artifacts = task.path("artifacts") instanceof ArrayNode known ? known : task.putArray("artifacts");
        for (int i = 0; i < artifacts.size(); i++) {
            var known = artifacts.get(i);
            if (known.path("artifactId").equals(artifact.path("artifactId"))) {
                if (update.path("append").asBoolean(false)) {
                    extend((ObjectNode) known, artifact);
                } else {
                    artifacts.set(i, artifact);
                }
                return;
            }
        }
        artifacts.add(artifact);
    }

    private static void extend(ObjectNode known, ObjectNode more) {
        if (known.path("parts") instanceof ArrayNode parts) {
            more.path("parts").forEach(parts::add);
        }
        for (var field : more.properties()) {
            if (!field.getKey().equals("parts")) {
                known.set(field.getKey(), field.getValue());
            }
        }
    }

    private void merge(String name, JsonNode more) {
        if (more instanceof ObjectNode fields) {
            var known = task.path(name) instanceof ObjectNode object ? object : task.putObject(name);
            known.setAll(fields);
        }
    }
}
