package ai.molecule.platform.workspace;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.node.ObjectNode;

/// For how long a workspace was in a state, at a backend, with a tier.
///
/// @param status the state's word on the wire
public record Stay(String backend, int tier, String status, double seconds) {

    /// As people see it.
    public ObjectNode toJson() {
        return Json.object()
                .put("backend", backend)
                .put("tier", tier)
                .put("status", status)
                .put("seconds", Math.round(seconds * 1000) / 1000.0);
    }
}
