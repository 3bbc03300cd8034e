package ai.molecule.platform.ledger;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/// An event of a task with its number; nobody changes it.
public record Numbered(long seq, ObjectNode event) {

    /// Why an agent refused the message, in JSON-RPC's form; missing when it did not.
    public JsonNode error() {
        return event.path("error");
    }
}
