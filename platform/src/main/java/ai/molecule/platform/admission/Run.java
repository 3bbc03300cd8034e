package ai.molecule.platform.admission;

import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// One run of a pipeline, and the workspace it was given.
///
/// @param subject who its identity token said it is; empty where it came with a key
/// @param key what it calls itself; the same again is the same run
/// @param outcome how it ended; null while it is there
public record Run(
        WorkspaceId workspace,
        String name,
        String subject,
        String key,
        JsonNode labels,
        Instant joinedAt,
        String status,
        Report report,
        @Nullable Outcome outcome) {

    /// What a run says of itself when it leaves.
    ///
    /// @param result a word, such as `success`; empty when it said nothing
    public record Report(String result, @Nullable Long exitCode, String summary) {}

    /// How a run ended.
    ///
    /// @param why what took its workspace away; empty when a person did
    public record Outcome(Instant endedAt, String why) {}

    /// As people see it.
    public ObjectNode toJson() {
        var json = Json.object()
                .put("workspace_id", workspace.toString())
                .put("name", name)
                .put("subject", subject)
                .put("external_key", key)
                .put("status", status)
                .put("joined_at", joinedAt.toString())
                .put("ended_at", outcome == null ? null : outcome.endedAt().toString())
                .put("ended_because", outcome == null ? null : outcome.why())
                .put("result", report.result())
                .put("exit_code", report.exitCode())
                .put("summary", report.summary());
        json.set("labels", labels);
        return json;
    }
}
