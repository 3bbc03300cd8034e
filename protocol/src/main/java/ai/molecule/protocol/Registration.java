package ai.molecule.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

/// An agent announcing that it now does a workspace's work.
///
/// @param url where the agent listens; empty when it has no inbound port
/// @param agentCard the card as the agent wrote it, an object
public record Registration(WorkspaceId id, String url, JsonNode agentCard) {

    /// The longest card that is kept, in bytes of JSON.
    public static final int CARD_BYTES_MAX = 64 * 1024;

    /// How the original's SDK spells "no inbound port".
    private static final String NO_INBOUND = "remote://no-inbound";

    public Registration {
        url = url.equals(NO_INBOUND) ? "" : url;
        checkCard(agentCard);
    }

    /// Reads the body of `POST /registry/register`.
    ///
    /// @throws WireException when a field is missing or has the wrong type or size
    public static Registration read(JsonNode body) {
        var wire = Wire.of(body);
        return new Registration(wire.workspaceId("id"), wire.text("url", ""), body.path("agent_card"));
    }

    /// Refuses a card that is no object or too large.
    ///
    /// @throws WireException when it is
    public static void checkCard(JsonNode card) {
        if (!card.isObject()) {
            throw new WireException("Expected \"agent_card\" to be an object");
        }
        if (Json.bytes(card).length > CARD_BYTES_MAX) {
            throw new WireException("Expected \"agent_card\" to take at most " + CARD_BYTES_MAX + " bytes");
        }
    }

    /// Writes the body.
    public ObjectNode toJson() {
        var json = Json.object().put("id", id.toString()).put("url", url);
        json.set("agent_card", agentCard);
        return json;
    }
}
