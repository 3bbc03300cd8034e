package ai.molecule.protocol;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/// The card under which an agent is known (A2A 1.0, section 4.4; 0.3, section 5.5), one document for readers of both
/// versions.
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

    private AgentCard() {}

    /// What an agent may say of itself: its card without what is the platform's to say.
    public static JsonNode own(JsonNode registered) {
        return registered instanceof ObjectNode card ? card.deepCopy().without(OURS) : registered;
    }

    /// The card that the world sees: the agent's own words about itself, and the platform's about how to reach it.
    ///
    /// @param name the workspace's name, whatever its agent calls itself
    /// @param registered what the agent registered; anything but an object counts as nothing
    /// @param base the public URL of the agent's A2A endpoint, ending with a slash
    public static ObjectNode published(JsonNode registered, String name, String description, String base) {
        var card = registered instanceof ObjectNode own ? own.deepCopy() : Json.object();
        card.remove(OURS);
        fill(card, name, description);
        var interfaces = card.putArray("supportedInterfaces");
        for (var version : List.of(A2aVersion.V1_0, A2aVersion.V0_3)) {
            interfaces
                    .addObject()
                    .put("url", base)
                    .put("protocolBinding", "JSONRPC")
                    .put("protocolVersion", version.wire());
        }
        card.put("url", base).put("preferredTransport", "JSONRPC").put("protocolVersion", "0.3.0");
        var scheme = card.putObject("securitySchemes").putObject("bearer");
        scheme.put("type", "http").put("scheme", "bearer");
        scheme.putObject("httpAuthSecurityScheme").put("scheme", "Bearer");
        card.putArray("security").addObject().putArray("bearer");
        card.putArray("securityRequirements")
                .addObject()
                .putObject("schemes")
                .putObject("bearer")
                .putArray("list");
        return card;
    }

    private static void fill(ObjectNode card, String name, String description) {
        card.put("name", name);
        if (!card.path("description").isTextual()) {
            card.put("description", description);
        }
        if (!card.path("version").isTextual()) {
            card.put("version", "1.0.0");
        }
        if (!card.path("capabilities").isObject()) {
            card.putObject("capabilities").put("streaming", true).put("pushNotifications", false);
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
