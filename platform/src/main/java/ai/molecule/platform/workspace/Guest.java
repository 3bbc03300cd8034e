package ai.molecule.platform.workspace;

import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.AgentCard;
import ai.molecule.protocol.DeliveryMode;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;

/// What the current agent of a workspace said when it registered.
///
/// @param url where it says it listens; empty when it has no inbound port
/// @param delivery how messages reach it
/// @param card its agent card; a missing node before the first registration
/// @param speaks the A2A version to speak with it
/// @param streams true when it can answer with a stream
/// @param epoch counts the registrations; 0 before the first
public record Guest(String url, DeliveryMode delivery, JsonNode card, A2aVersion speaks, boolean streams, long epoch) {

    /// Nobody yet.
    static Guest expected(String url) {
        return new Guest(url, DeliveryMode.PUSH, MissingNode.getInstance(), A2aVersion.V0_3, false, 0);
    }

    /// An agent that announced itself with a card.
    public static Guest announced(String url, DeliveryMode delivery, JsonNode card, long epoch) {
        return new Guest(url, delivery, AgentCard.own(card), AgentCard.spokenBy(card), AgentCard.streams(card), epoch);
    }

    /// Nobody any more; whoever comes next begins another epoch.
    Guest gone() {
        return new Guest("", DeliveryMode.PUSH, MissingNode.getInstance(), A2aVersion.V0_3, false, epoch);
    }

    /// The same with another card.
    public Guest showing(JsonNode other) {
        return announced(url, delivery, other, epoch);
    }
}
