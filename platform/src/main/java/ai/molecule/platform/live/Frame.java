package ai.molecule.platform.live;

import ai.molecule.platform.journal.Event;
import ai.molecule.platform.journal.Fact;
import ai.molecule.platform.workspace.Sighting;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A fact as it goes over the wire, written once for all viewers: `{event, workspace_id, timestamp, seq,
/// payload}`.
///
/// @param forAgents the same without what only the operator sees
public record Frame(long seq, @Nullable WorkspaceId workspace, String forOperator, String forAgents) {

    private static final List<String> DECISION = List.of("approval_id", "status", "decided_by");

    /// How many characters it takes.
    int size() {
        return forOperator.length() + forAgents.length();
    }

    static Frame of(Fact fact) {
        var json = Json.object()
                .put("event", fact.event().name())
                .put(
                        "workspace_id",
                        fact.workspace() == null ? "" : fact.workspace().toString())
                .put("timestamp", fact.at().toString())
                .put("seq", fact.seq());
        if (fact.event() == Event.APPROVAL_DECIDED) {
            // The original's runtime waits for these three, and looks for them here.
            DECISION.forEach(name -> json.set(name, fact.payload().path(name)));
        }
        json.set("payload", fact.payload());
        var full = Json.text(json);
        if (fact.payload() instanceof ObjectNode payload) {
            var reduced = payload.deepCopy();
            reduced.remove(Sighting.OPERATORS_ONLY);
            if (reduced.get("changes") instanceof ObjectNode changes) {
                changes.remove(Sighting.OPERATORS_ONLY);
            }
            json.set("payload", reduced);
        }
        return new Frame(fact.seq(), fact.workspace(), full, Json.text(json));
    }
}
