package ai.molecule.platform.edge;

import ai.molecule.platform.ledger.Activity;
import ai.molecule.platform.ledger.Note;
import ai.molecule.platform.workspace.Workspace;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Wire;
import com.fasterxml.jackson.databind.JsonNode;

/// How an agent speaks up by itself: noted, and told to whoever watches.
final class Speaking {

    private static final int LINE_MAX = 1000;
    private static final int TOLD_MAX = 4000;

    private final Activity activity;

    Speaking(Activity activity) {
        this.activity = activity;
    }

    /// Tells people.
    ///
    /// @param said all that it said; `attachments` in it are shown too
    void tell(Workspace workspace, JsonNode said, String message) {
        var payload = Json.object()
                .put("message", Wire.clip(message, TOLD_MAX))
                .put("name", workspace.profile().name());
        var attachments = said.path("attachments");
        payload.set("attachments", attachments.isArray() ? attachments : Json.array());
        activity.tell(written(workspace, said, message), payload);
    }

    /// Notes what it only names.
    void note(Workspace workspace, JsonNode said, String type) {
        activity.note(written(workspace, said, type));
    }

    private static Note written(Workspace workspace, JsonNode said, String summary) {
        return new Note(
                workspace.id(),
                Activity.RECEIVED,
                "notify",
                null,
                Wire.clip(summary, LINE_MAX),
                "ok",
                "",
                null,
                said,
                Json.nothing(),
                null);
    }
}
