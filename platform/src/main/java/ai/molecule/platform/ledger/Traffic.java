package ai.molecule.platform.ledger;

import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/// What is on its way in the whole organisation, added up.
///
/// @param dead how many messages and push notifications were given up and not sent again
public record Traffic(List<Box> mailboxes, List<Line> lines, int dead) {

    public Traffic {
        mailboxes = List.copyOf(mailboxes);
        lines = List.copyOf(lines);
    }

    /// A mailbox that is not at rest.
    ///
    /// @param queued how many messages wait
    /// @param running how many its agent works on
    public record Box(WorkspaceId workspace, int queued, int running) {}

    /// The messages from one to another.
    ///
    /// @param open how many wait or are worked on
    /// @param recent how many were sent in the last seconds
    public record Line(Owner from, WorkspaceId to, int open, int recent) {}

    /// Writes it for the wire.
    public ObjectNode toJson() {
        var json = Json.object();
        var boxes = json.putArray("mailboxes");
        mailboxes.forEach(box -> boxes.addObject()
                .put("workspace_id", box.workspace().toString())
                .put("queued", box.queued())
                .put("running", box.running()));
        var edges = json.putArray("edges");
        lines.forEach(line -> edges.addObject()
                .put(
                        "source_id",
                        line.from().workspace().map(WorkspaceId::toString).orElse(null))
                .put("target_id", line.to().toString())
                .put("open", line.open())
                .put("recent", line.recent()));
        return json.put("dead", dead);
    }
}
