package ai.molecule.protocol;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/// What a streaming answer carries (A2A 1.0, section 4.2; 0.3, section 7.2): the task first, then what changes.
public sealed interface StreamEvent {

    /// Writes the event for a version: wrapped in 1.0, told apart by `kind` in 0.3.
    ObjectNode toJson(A2aVersion version);

    /// True when no event follows in this stream.
    boolean last();

    /// The task as it stands.
    record Snapshot(Task task) implements StreamEvent {
        @Override
        public ObjectNode toJson(A2aVersion version) {
            return switch (version) {
                case V1_0 -> wrap("task", task.toJson(version));
                case V0_3 -> task.toJson(version);
            };
        }

        @Override
        public boolean last() {
            return task.state().settles();
        }
    }

    /// The task came into another state.
    record StatusUpdate(Task task) implements StreamEvent {
        @Override
        public ObjectNode toJson(A2aVersion version) {
            var json = Json.object().put("taskId", task.id()).put("contextId", task.contextId());
            json.set("status", task.status(version));
            task.writeMetadata(json);
            return switch (version) {
                case V1_0 -> wrap("statusUpdate", json);
                case V0_3 -> json.put("kind", "status-update").put("final", last());
            };
        }

        @Override
        public boolean last() {
            return task.state().settles();
        }
    }

    /// A text was added to an artifact.
    record ArtifactUpdate(Task task, String artifactId, String name, String text, boolean append, boolean lastChunk)
            implements StreamEvent {
        @Override
        public ObjectNode toJson(A2aVersion version) {
            var json = Json.object().put("taskId", task.id()).put("contextId", task.contextId());
            json.set("artifact", new Task.Artifact(artifactId, name, List.of(text)).toJson(version));
            json.put("append", append).put("lastChunk", lastChunk);
            return switch (version) {
                case V1_0 -> wrap("artifactUpdate", json);
                case V0_3 -> json.put("kind", "artifact-update");
            };
        }

        @Override
        public boolean last() {
            return false;
        }
    }

    private static ObjectNode wrap(String name, ObjectNode inner) {
        var outer = Json.object();
        outer.set(name, inner);
        return outer;
    }
}
