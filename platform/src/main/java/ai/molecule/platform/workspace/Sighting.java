package ai.molecule.platform.workspace;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A workspace as people and peers see it: its row, and what its agent last said of itself.
public record Sighting(Workspace workspace, Presence presence, Money money) {

    /// The fields, of a workspace or of a fact about it, that agents are not shown of each other.
    public static final List<String> OPERATORS_ONLY = List.of(
            "url",
            "metadata",
            "status_reason",
            "last_sample_error",
            "current_task",
            "reason",
            "sample_error",
            "error",
            "what",
            "path",
            "workspace_dir",
            "workspace_access",
            "instance",
            "privileged",
            "monthly_spend",
            "budget_limit",
            "budget_remaining",
            "unpriced_models",
            "budget_state");

    /// What the agent last said; all of it at rest before the first beat.
    ///
    /// @param uptimeSeconds how long the agent runs, in seconds
    public record Presence(
            @Nullable Instant lastHeartbeat,
            double errorRate,
            String sampleError,
            int activeTasks,
            String currentTask,
            long uptimeSeconds) {

        static final Presence NONE = new Presence(null, 0, "", 0, "", 0);
    }

    /// What the agent has spent this month, and how much it may, in US cents.
    ///
    /// @param limit null for no limit
    public record Money(long spent, @Nullable Long limit, String state) {
        static final Money NONE = new Money(0, null, "open");
    }

    /// Everything, for the operator: the original's fields, and ours.
    public ObjectNode toJson() {
        var json = workspaceJson(workspace);
        var at = presence.lastHeartbeat();
        json.put("last_heartbeat_at", at == null ? null : at.toString());
        json.put("active_tasks", presence.activeTasks());
        json.put("current_task", presence.currentTask());
        json.put("last_error_rate", presence.errorRate());
        json.put("last_sample_error", presence.sampleError());
        json.put("uptime_seconds", presence.uptimeSeconds());
        json.put("monthly_spend", money.spent());
        json.put("budget_limit", money.limit());
        json.put("budget_state", money.state());
        return json;
    }

    /// The fields that the row holds; what changes among them is what the journal tells.
    static ObjectNode workspaceJson(Workspace workspace) {
        var profile = workspace.profile();
        var place = workspace.place();
        var life = workspace.life();
        var json = Json.object()
                .put("id", workspace.id().toString())
                .put("name", profile.name())
                .put("role", profile.role())
                .put("tier", profile.tier().number())
                .put("runtime", profile.runtime())
                .put("model", profile.model())
                .put("backend", profile.backend())
                .put("external", profile.external())
                .put("instance", workspace.whereabouts().instance())
                .put("region", workspace.whereabouts().region())
                .put("status", life.status())
                .put("status_since", life.since().toString())
                .put("status_reason", life.reason())
                .put("url", workspace.guest().url())
                .put("delivery_mode", workspace.guest().delivery().wire());
        var card = workspace.guest().card();
        json.set("agent_card", card.isMissingNode() ? null : card);
        json.put("parent_id", place.parent() == null ? null : place.parent().toString())
                .put("x", place.x())
                .put("y", place.y())
                .put("collapsed", place.collapsed())
                .put("max_concurrent_tasks", profile.maxConcurrentTasks());
        json.set("metadata", profile.metadata());
        HostFields.write(profile.host(), json);
        var end = workspace.expiresAt();
        json.put("ephemeral", end != null).put("expires_at", end == null ? null : end.toString());
        return json.put("epoch", workspace.guest().epoch())
                .put("created_at", workspace.createdAt().toString());
    }
}
