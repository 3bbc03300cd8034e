package ai.molecule.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A task as A2A shows it: a value; every step makes a new one.
///
/// @param metadata what else its agent tells of it, by name
public record Task(
        String id,
        String contextId,
        TaskState state,
        Instant since,
        @Nullable Message note,
        List<Artifact> artifacts,
        List<Message> history,
        Map<String, JsonNode> metadata) {

    public Task {
        metadata = Map.copyOf(metadata);
        artifacts = List.copyOf(artifacts);
        history = List.copyOf(history);
    }

    /// A new task for a first message.
    public static Task submitted(String id, String contextId, Message first, Instant now) {
        return new Task(id, contextId, TaskState.SUBMITTED, now, null, List.of(), List.of(first), Map.of());
    }

    /// The task in another state, with what the agent says about it.
    public Task in(TaskState next, @Nullable Message said, Instant now) {
        return new Task(id, contextId, next, now, said, artifacts, history, metadata);
    }

    /// The task with one more message in its history.
    public Task heard(Message message) {
        var longer = new ArrayList<>(history);
        longer.add(message);
        return new Task(id, contextId, state, since, note, artifacts, longer, metadata);
    }

    /// The task with something else told of it, in place of what was told under that name.
    public Task noted(String name, JsonNode value) {
        var more = new HashMap<>(metadata);
        more.put(name, value);
        return new Task(id, contextId, state, since, note, artifacts, history, more);
    }

    /// The task with a text added to an artifact, which is made when it is new.
    public Task wrote(String artifactId, String name, String text) {
        var next = new ArrayList<>(artifacts);
        for (int i = 0; i < next.size(); i++) {
            if (next.get(i).id().equals(artifactId)) {
                next.set(i, next.get(i).plus(text));
                return new Task(id, contextId, state, since, note, next, history, metadata);
            }
        }
        next.add(new Artifact(artifactId, name, List.of(text)));
        return new Task(id, contextId, state, since, note, next, history, metadata);
    }

    /// The task without an artifact.
    public Task without(String artifactId) {
        var rest = artifacts.stream()
                .filter(artifact -> !artifact.id().equals(artifactId))
                .toList();
        return new Task(id, contextId, state, since, note, rest, history, metadata);
    }

    /// Writes the task for a version.
    public ObjectNode toJson(A2aVersion version) {
        var json = Json.object();
        if (version == A2aVersion.V0_3) {
            json.put("kind", "task");
        }
        json.put("id", id).put("contextId", contextId);
        json.set("status", status(version));
        var list = json.putArray("artifacts");
        artifacts.forEach(artifact -> list.add(artifact.toJson(version)));
        ArrayNode said = json.putArray("history");
        history.forEach(message -> said.add(message.toJson(version)));
        writeMetadata(json);
        return json;
    }

    void writeMetadata(ObjectNode json) {
        if (!metadata.isEmpty()) {
            json.putObject("metadata").setAll(metadata);
        }
    }

    /// Writes the `status` object for a version.
    public ObjectNode status(A2aVersion version) {
        var status = Json.object().put("state", state.wire(version)).put("timestamp", since.toString());
        if (note != null) {
            status.set("message", note.toJson(version));
        }
        return status;
    }

    /// Something the task made; each part is one text.
    public record Artifact(String id, String name, List<String> texts) {

        public Artifact {
            texts = List.copyOf(texts);
        }

        Artifact plus(String text) {
            var longer = new ArrayList<>(texts);
            longer.add(text);
            return new Artifact(id, name, longer);
        }

        /// Writes the artifact for a version.
        public ObjectNode toJson(A2aVersion version) {
            var json = Json.object().put("artifactId", id).put("name", name);
            var parts = json.putArray("parts");
            texts.forEach(text -> parts.add(Message.textPart(text, version)));
            return json;
        }
    }
}
