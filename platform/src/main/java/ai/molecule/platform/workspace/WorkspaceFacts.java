package ai.molecule.platform.workspace;

import ai.molecule.platform.journal.Event;
import ai.molecule.platform.journal.Journal;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.Objects;

/// Tells the journal what a change of a workspace's row means: which event, the original's fields for it, and the
/// fields that changed.
final class WorkspaceFacts {

    private final Journal journal;

    WorkspaceFacts(Journal journal) {
        this.journal = journal;
    }

    void created(Workspace made) {
        var payload = lifePayload(made);
        payload.set("changes", new Sighting(made, Sighting.Presence.NONE, Sighting.Money.NONE).toJson());
        journal.append(eventOf(made.life()), made.id(), payload);
    }

    void changed(Workspace before, Workspace after) {
        var changes = difference(before, after);
        if (changes.isEmpty()) {
            return;
        }
        var event = eventOf(before, after);
        var payload = event == eventOf(after.life()) ? lifePayload(after) : changes.deepCopy();
        payload.set("changes", changes);
        journal.append(event, after.id(), payload);
    }

    private static Event eventOf(Workspace before, Workspace after) {
        if (!before.life().status().equals(after.life().status())
                || before.guest().epoch() != after.guest().epoch()) {
            return eventOf(after.life());
        }
        if (!Objects.equals(before.place().parent(), after.place().parent())) {
            return Event.WORKSPACE_REPARENTED;
        }
        if (!before.profile().name().equals(after.profile().name())
                || !before.profile().role().equals(after.profile().role())) {
            return Event.WORKSPACE_RENAMED;
        }
        if (before.place().x() != after.place().x()
                || before.place().y() != after.place().y()) {
            return Event.WORKSPACE_MOVED;
        }
        if (!before.guest().card().equals(after.guest().card())) {
            return Event.AGENT_CARD_UPDATED;
        }
        return Event.WORKSPACE_UPDATED;
    }

    private static Event eventOf(Life life) {
        return switch (life) {
            case Life.Provisioning _ -> Event.WORKSPACE_PROVISIONING;
            case Life.AwaitingAgent _ -> Event.WORKSPACE_AWAITING_AGENT;
            case Life.Online _ -> Event.WORKSPACE_ONLINE;
            case Life.Degraded _ -> Event.WORKSPACE_DEGRADED;
            case Life.Offline _ -> Event.WORKSPACE_OFFLINE;
            case Life.Paused _ -> Event.WORKSPACE_PAUSED;
            case Life.Hibernated _ -> Event.WORKSPACE_HIBERNATED;
            case Life.Failed _ -> Event.WORKSPACE_PROVISION_FAILED;
            case Life.Removed _ -> Event.WORKSPACE_REMOVED;
        };
    }

    /// What the original's clients read of a life event.
    private static ObjectNode lifePayload(Workspace workspace) {
        var profile = workspace.profile();
        var payload = Json.object();
        switch (workspace.life()) {
            case Life.Provisioning _ ->
                payload.put("name", profile.name())
                        .put("tier", profile.tier().number())
                        .put("runtime", profile.runtime());
            case Life.AwaitingAgent _ -> payload.put("name", profile.name()).put("external", true);
            case Life.Online _ -> {
                payload.put("url", workspace.guest().url());
                payload.set(
                        "agent_card",
                        workspace.guest().card().isMissingNode()
                                ? null
                                : workspace.guest().card());
            }
            case Life.Degraded(var _, String reason) -> payload.put("sample_error", reason);
            case Life.Offline(var _, String reason) -> payload.put("reason", reason);
            case Life.Failed(var _, String reason) -> payload.put("error", reason);
            case Life.Paused _, Life.Hibernated _ -> payload.put("name", profile.name());
            case Life.Removed(var _, String reason) ->
                payload.put("name", profile.name()).put("reason", reason);
        }
        return payload;
    }

    private static ObjectNode difference(Workspace before, Workspace after) {
        var changes = Sighting.workspaceJson(after);
        var old = Sighting.workspaceJson(before);
        var same = changes.properties().stream()
                .filter(field -> field.getValue().equals(old.get(field.getKey())))
                .map(Map.Entry::getKey)
                .toList();
        changes.remove(same);
        return changes;
    }
}
