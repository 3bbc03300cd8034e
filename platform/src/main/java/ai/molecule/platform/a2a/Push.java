package ai.molecule.platform.a2a;

import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.UUID;

/// Where a caller wants to be told of a task's events (A2A 1.0, section 4.3).
///
/// @param version in whose words
/// @param token goes back to the caller as it is; empty for none
/// @param scheme how the platform shows who it is there; empty for not at all
/// @param sent the number of the last event that was sent
/// @param attempts how often the next one failed
record Push(
        UUID task,
        String id,
        A2aVersion version,
        String url,
        String token,
        String scheme,
        String credentials,
        long sent,
        int attempts) {

    /// This push for a task, with a name of its own if it has none.
    ///
    /// @param seq the event after which it begins
    Push of(UUID of, long seq) {
        var name = id.isEmpty() ? UUID.randomUUID().toString() : id;
        return new Push(of, name, version, url, token, scheme, credentials, seq, 0);
    }

    /// Writes it as A2A 1.0 has it.
    ObjectNode toJson() {
        var json = Json.object().put("taskId", task.toString()).put("id", id).put("url", url);
        if (!token.isEmpty()) {
            json.put("token", token);
        }
        if (!scheme.isEmpty()) {
            json.putObject("authentication").put("scheme", scheme).put("credentials", credentials);
        }
        return json;
    }
}
