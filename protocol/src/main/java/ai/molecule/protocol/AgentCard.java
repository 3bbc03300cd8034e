package ai.molecule.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/// The card under which an agent is known (A2A 1.0, section 4.4; 0.3, section 5.5), one document for readers of
/// both versions.
public final class AgentCard {

    /// Where a card is served, below the agent's base.
    public static final String PATH = ".well-known/agent-card.json";

    /// What only the platform may say: where the agent is reached and how a caller shows who it is.
    private static final List<String> OURS = List.of(
            "url",
            "additionalInterfaces",
            "preferredTransport",
            "protocolVersion",
            "supportedInterfaces",
            "security",
            "securityRequirements",
            "securitySchemes",
            "signatures",
            "supportsAuthenticatedExtendedCard");

    /// The extension by which a subscription goes on from the number of an event.
    public static final String REPLAY = "https://molecule.ai/a2a/extensions/replay/v1";

    private AgentCard() {}

    /// What an agent may say of itself: its card without what is the platform's to say.
    public static JsonNode own(JsonNode registered) {
        return registered instanceof ObjectNode card ? card.deepCopy().without(OURS) : registered;
    }

    /// The version to speak with an agent, as its card says: 1.0 where it offers that over JSON-RPC, else 0.3.
    public static A2aVersion spokenBy(JsonNode registered) {
        for (var offer : registered.path("supportedInterfaces")) {
            if (offer.path("protocolBinding").asText("").equals("JSONRPC")
                    && offer.path("protocolVersion").asText("").startsWith("1.")) {
                return A2aVersion.V1_0;
            }
        }
        return A2aVersion.V0_3;
    }

    /// True when an agent can answer with a stream of events.
    public static boolean streams(JsonNode registered) {
        return registered.path("capabilities").path("streaming").asBoolean(false);
    }

    /// The card that the world sees, in the words of 1.0: the agent's own about itself, and the platform's
    /// about how to reach it and what the platform does for it.
    ///
    /// @param registered what the agent registered; anything but an object counts as nothing
    /// @param name the workspace's name, whatever its agent calls itself
    /// @param base the public URL of the agent's A2A endpoint, ending with a slash
    public static ObjectNode published(JsonNode registered, String name, String description, String base) {
        var card = registered instanceof ObjectNode own ? own.deepCopy() : Json.object();
        card.remove(OURS);
        fill(card, name, description);
        var capabilities = card.putObject("capabilities")
                .put("streaming", true)
                .put("pushNotifications", true)
                .put("extendedAgentCard", true);
        capabilities
                .putArray("extensions")
                .addObject()
                .put("uri", REPLAY)
                .put("description", "events carry numbers; a subscriber goes on from the one in Last-Event-ID")
                .put("required", false);
        var interfaces = card.putArray("supportedInterfaces");
        interfaces.add(offer(base, "JSONRPC", A2aVersion.V1_0));
        interfaces.add(offer(base, "HTTP+JSON", A2aVersion.V1_0));
        interfaces.add(offer(base, "JSONRPC", A2aVersion.V0_3));
        card.putObject("securitySchemes")
                .putObject("bearer")
                .putObject("httpAuthSecurityScheme")
                .put("scheme", "Bearer");
        card.putArray("securityRequirements")
                .addObject()
                .putObject("schemes")
                .putObject("bearer")
                .putArray("list");
        return card;
    }

    /// The same card with what readers of 0.3 look for added.
    public static ObjectNode forBoth(ObjectNode card, String base) {
        var both = card.deepCopy();
        both.put("url", base).put("preferredTransport", "JSONRPC").put("protocolVersion", "0.3.0");
        both.put("supportsAuthenticatedExtendedCard", true);
        ((ObjectNode) both.path("securitySchemes").path("bearer"))
                .put("type", "http")
                .put("scheme", "bearer");
        both.putArray("security").addObject().putArray("bearer");
        return both;
    }

    private static ObjectNode offer(String base, String binding, A2aVersion version) {
        return Json.object().put("url", base).put("protocolBinding", binding).put("protocolVersion", version.wire());
    }

    private static void fill(ObjectNode card, String name, String description) {
        card.put("name", name);
        if (!card.path("description").isTextual()) {
            card.put("description", description);
        }
        if (!card.path("version").isTextual()) {
            card.put("version", "1.0.0");
        }
        for (var modes : List.of("defaultInputModes", "defaultOutputModes")) {
            if (!card.path(modes).isArray()) {
                card.putArray(modes).add("text/plain");
            }
        }
        if (!card.path("skills").isArray()) {
            card.putArray("skills");
        }
    }
}
