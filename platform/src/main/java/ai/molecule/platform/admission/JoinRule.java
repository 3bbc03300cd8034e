package ai.molecule.platform.admission;

import ai.molecule.platform.secret.Secrets;
import ai.molecule.platform.workspace.Ttl;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Wire;
import ai.molecule.protocol.WireException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/// Lets the runs of a pipeline join: by which proof, and as what. Durable.
///
/// @param name what people call it
public record JoinRule(UUID id, String name, Proof proof, Terms terms, Instant createdAt) {

    private static final int NAME_MAX = 200;
    private static final int SECRETS_MAX = 100;
    private static final Duration KEY_LIFE = Duration.ofDays(30);
    private static final Duration KEY_LIFE_MAX = Duration.ofDays(365);

    /// Reads the body of `POST /join-rules`.
    ///
    /// @param audience whom identity tokens are made for where nothing is said
    /// @throws WireException when a field is missing, of the wrong type or out of range
    public static JoinRule read(JsonNode body, String audience, Instant now) {
        var wire = Wire.of(body);
        var name = wire.text("name").strip();
        if (name.length() > NAME_MAX || name.chars().anyMatch(Character::isISOControl)) {
            throw new WireException("Expected \"name\" to be one line of at most " + NAME_MAX + " characters");
        }
        return new JoinRule(UUID.randomUUID(), name, proof(wire, audience, now), terms(wire), now);
    }

    private static Proof proof(Wire wire, String audience, Instant now) {
        if (!wire.has("issuer")) {
            if (wire.has("claims") || wire.has("audience")) {
                throw new WireException("Expected \"issuer\" with \"claims\" or \"audience\"");
            }
            var life = Duration.ofSeconds(wire.integer("expires_in_seconds", KEY_LIFE.toSeconds()));
            if (!life.isPositive() || life.compareTo(KEY_LIFE_MAX) > 0) {
                throw new WireException("Expected \"expires_in_seconds\" from 1 to " + KEY_LIFE_MAX.toSeconds());
            }
            return new Proof.Key(now.plus(life));
        }
        if (wire.has("expires_in_seconds")) {
            throw new WireException("Expected \"expires_in_seconds\" only where a key is made, without \"issuer\"");
        }
        return new Proof.Identity(
                Issuers.resolve(wire.text("issuer")), wire.text("audience", audience), claims(wire.object("claims")));
    }

    private static Map<String, List<String>> claims(Wire wire) {
        var claims = new LinkedHashMap<String, List<String>>();
        wire.json().fieldNames().forEachRemaining(name -> {
            var value = wire.json().get(name);
            claims.put(name, value.isArray() ? texts("claims", wire.list(name)) : List.of(wire.text(name)));
        });
        return claims;
    }

    private static Terms terms(Wire wire) {
        var secrets = new LinkedHashSet<>(texts("secrets", wire.list("secrets")));
        if (secrets.size() > SECRETS_MAX) {
            throw new WireException("Expected at most " + SECRETS_MAX + " \"secrets\"");
        }
        secrets.forEach(Secrets::checkName);
        return new Terms(
                wire.has("parent_id") ? wire.workspaceId("parent_id") : null,
                wire.text("role", ""),
                Ttl.read(wire, Ttl.DEFAULT),
                (int) wire.integer("live_max", Terms.LIVE_DEFAULT),
                secrets);
    }

    private static List<String> texts(String field, List<JsonNode> values) {
        return values.stream()
                .map(value -> {
                    if (!value.isTextual()) {
                        throw new WireException("Expected \"" + field + "\" to hold strings");
                    }
                    return value.textValue();
                })
                .toList();
    }

    /// As people see it.
    public ObjectNode toJson() {
        var json = Json.object().put("id", id.toString()).put("name", name);
        switch (proof) {
            case Proof.Key(var expiresAt) -> json.put("proof", "key").put("expires_at", expiresAt.toString());
            case Proof.Identity(var issuer, var audience, var claims) -> {
                json.put("proof", "identity").put("issuer", issuer).put("audience", audience);
                var wanted = json.putObject("claims");
                claims.forEach((claim, patterns) -> patterns.forEach(wanted.withArray(claim)::add));
            }
        }
        json.put("parent_id", terms.parent() == null ? null : terms.parent().toString())
                .put("role", terms.role())
                .put("ttl", terms.ttl().toSeconds())
                .put("live_max", terms.liveMax());
        terms.secrets().forEach(json.putArray("secrets")::add);
        return json.put("created_at", createdAt.toString());
    }
}
