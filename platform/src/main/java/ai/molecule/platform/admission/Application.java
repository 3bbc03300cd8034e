package ai.molecule.platform.admission;

import ai.molecule.platform.workspace.Ttl;
import ai.molecule.protocol.DeliveryMode;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Registration;
import ai.molecule.protocol.Wire;
import ai.molecule.protocol.WireException;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/// What a run says when it wants to join.
///
/// @param key by which it is known again, `external_key`; empty where its identity token says it all
/// @param name of its workspace; empty for the key
/// @param labels what people want to know of it, an object of texts
/// @param ttl how long it wants to last; null for as long as the rule allows
/// @param agent how its agent registers; what it is called and where is not known yet
public record Application(
        String key, String name, JsonNode labels, @Nullable Duration ttl, Agent agent) {

    private static final int KEY_MAX = 200;
    private static final int LABELS_MAX = 20;
    private static final int LABEL_MAX = 500;
    private static final int NAME_MAX = 100;

    /// @param card null for one that only has a name
    record Agent(
            @Nullable JsonNode card, String url, @Nullable DeliveryMode delivery) {}

    /// Reads the body of `POST /registry/join`.
    ///
    /// @throws WireException when a field is of the wrong type or out of range
    public static Application read(JsonNode body) {
        var wire = Wire.of(body);
        var key = wire.text("external_key", "").strip();
        if (key.length() > KEY_MAX) {
            throw new WireException("Expected \"external_key\" of at most " + KEY_MAX + " characters");
        }
        var labels = wire.object("labels");
        if (labels.json().size() > LABELS_MAX) {
            throw new WireException("Expected at most " + LABELS_MAX + " \"labels\"");
        }
        labels.json().fieldNames().forEachRemaining(label -> {
            if (labels.text(label, "").length() > LABEL_MAX || label.length() > LABEL_MAX) {
                throw new WireException("Expected a label of at most " + LABEL_MAX + " characters");
            }
        });
        var mode = wire.text("delivery_mode", "");
        var card = wire.has("agent_card") ? wire.object("agent_card").json() : null;
        if (card != null) {
            Registration.checkCard(card);
        }
        return new Application(
                key,
                wire.text("name", "").strip(),
                labels.json(),
                wire.has("ttl") ? Ttl.read(wire, Ttl.DEFAULT) : null,
                new Agent(card, wire.text("url", ""), mode.isEmpty() ? null : DeliveryMode.parse(mode)));
    }

    /// Who it is. A run of one subject cannot take the place of another's, whatever it calls itself.
    ///
    /// @throws WireException when nothing says by what it is known again
    Visitor by(Admission.Arrival arrival) {
        if (key.isEmpty() && !arrival.job()) {
            throw new WireException("Expected \"external_key\", by which this job is told from others of its run");
        }
        return new Visitor(
                arrival.rule(), (arrival.subject() + " " + arrival.run()).strip(), key.isEmpty() ? arrival.run() : key);
    }

    /// What its workspace is called.
    String called(Visitor visitor) {
        return name.isEmpty()
                ? Wire.clip("run " + visitor.key().replaceAll("[^\\p{L}\\p{N} ._/:#=@-]", "_"), NAME_MAX)
                : name;
    }

    /// How its agent registers.
    Registration registration(WorkspaceId workspace, String called) {
        return new Registration(
                workspace,
                agent.url(),
                agent.card() == null ? Json.object().put("name", called) : agent.card(),
                agent.delivery());
    }
}
