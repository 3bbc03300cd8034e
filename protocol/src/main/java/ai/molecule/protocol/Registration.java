package ai.molecule.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/// An agent announcing that it now does a workspace's work.
///
/// @param id the workspace; null where the enrolment that is shown says it
/// @param url where the agent listens; empty when it has no inbound port
/// @param agentCard the card as the agent wrote it, an object
/// @param delivery how messages are to reach it; null where the URL says it
public record Registration(
        @Nullable WorkspaceId id,
        String url,
        JsonNode agentCard,
        @Nullable DeliveryMode delivery) {

    /// The longest card that is kept, in bytes of JSON.
    public static final int CARD_BYTES_MAX = 64 * 1024;

    /// How the original's SDK spells "no inbound port".
    private static final String NO_INBOUND = "remote://no-inbound";

    /// One that leaves it to the platform how messages reach it.
    public Registration(WorkspaceId id, String url, JsonNode agentCard) {
        this(id, url, agentCard, null);
    }

    public Registration {
        url = url.equals(NO_INBOUND) ? "" : url;
        checkCard(agentCard);
    }

    /// Reads the body of `POST /registry/register`.
    ///
    /// @throws WireException when a field is missing or has the wrong type or size
    public static Registration read(JsonNode body) {
        var wire = Wire.of(body);
        var mode = wire.text("delivery_mode", "");
        return new Registration(
                wire.has("id") ? wire.workspaceId("id") : null,
                wire.text("url", ""),
                body.path("agent_card"),
                mode.isEmpty() ? null : DeliveryMode.parse(mode));
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
        var json = Json.object();
        if (id != null) {
            json.put("id", id.toString());
        }
        json.put("url", url);
        if (delivery != null) {
            json.put("delivery_mode", delivery.wire());
        }
        json.set("agent_card", agentCard);
        return json;
    }
}
