package ai.molecule.platform.workspace;

import ai.molecule.platform.backend.HostAccess;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Wire;
import ai.molecule.protocol.WireException;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What somebody wants created, read and checked field by field; what it refers to is checked when it is
/// created.
///
/// @param position null where the platform chooses one
/// @param ttl after how long it is removed; null for one that stays
/// @param budget what it may spend in a month, in US cents; null for no limit
/// @param secrets what only its agent gets
public record Draft(
        Profile profile,
        @Nullable WorkspaceId parent,
        @Nullable Position position,
        String url,
        @Nullable Duration ttl,
        @Nullable Long budget,
        Map<String, String> secrets) {

    /// What agents are made of where nobody says.
    static final String RUNTIME_DEFAULT = "echo";

    /// Keeps its own copy.
    public Draft {
        secrets = Map.copyOf(secrets);
    }

    private static final int URL_LENGTH_MAX = 2048;
    private static final long BUDGET_MAX = 100_000_000;

    /// A point on the canvas.
    public record Position(double x, double y) {
        public Position {
            Place.checkReach(x, y);
        }
    }

    /// Reads the body of `POST /workspaces`.
    ///
    /// @param defaultBackend where agents run when nothing else is said
    /// @throws WireException when a field is missing, of the wrong type or out of range
    public static Draft read(JsonNode body, String defaultBackend) {
        var wire = Wire.of(body);
        var runtime = wire.text("runtime", "");
        var backend = wire.text("backend", "");
        var external =
                wire.flag("external", false) || runtime.equals(Profile.EXTERNAL) || backend.equals(Profile.EXTERNAL);
        if (external && !backend.isEmpty() && !backend.equals(Profile.EXTERNAL)) {
            throw new WireException("Expected an external workspace to name no \"backend\", but found " + backend);
        }
        var url = wire.text("url", "");
        if (url.length() > URL_LENGTH_MAX) {
            throw new WireException("Expected \"url\" to have at most " + URL_LENGTH_MAX + " characters");
        }
        if (!external && !url.isEmpty()) {
            throw new WireException("Expected \"url\" only on an external workspace");
        }
        var profile = new Profile(
                wire.text("name"),
                wire.text("role", ""),
                wire.integer("tier", 0) == 0 ? Tier.T2 : Tier.of(wire.integer("tier", 0)),
                external ? Profile.EXTERNAL : runtime.isEmpty() ? RUNTIME_DEFAULT : runtime,
                wire.text("model", "").strip(),
                external ? Profile.EXTERNAL : backend.isEmpty() ? defaultBackend : backend,
                (int) Math.max(1, wire.integer("max_concurrent_tasks", 1)),
                HostFields.read(wire, HostAccess.NONE),
                wire.has("metadata") ? wire.object("metadata").json() : Json.object());
        var parent = wire.has("parent_id") ? wire.workspaceId("parent_id") : null;
        return new Draft(profile, parent, position(wire), url, Ttl.read(wire), budget(wire), secrets(wire));
    }

    /// One for an agent that comes from outside, and goes again.
    ///
    /// @throws WireException when a field is out of range
    public static Draft ephemeral(
            String name, String role, @Nullable WorkspaceId parent, Duration ttl, JsonNode metadata) {
        var profile =
                new Profile(name, role, Tier.T2, Profile.EXTERNAL, "", Profile.EXTERNAL, 1, HostAccess.NONE, metadata);
        return new Draft(profile, parent, null, "", ttl, null, Map.of());
    }

    private static @Nullable Long budget(Wire wire) {
        if (!wire.has("budget_limit")) {
            return null;
        }
        var cents = wire.integer("budget_limit", 0);
        if (cents < 0 || cents > BUDGET_MAX) {
            throw new WireException("Expected \"budget_limit\" to be US cents from 0 to " + BUDGET_MAX);
        }
        return cents;
    }

    private static Map<String, String> secrets(Wire wire) {
        var given = wire.object("secrets");
        var secrets = new LinkedHashMap<String, String>();
        given.json().fieldNames().forEachRemaining(name -> secrets.put(name, given.text(name)));
        return secrets;
    }

    private static @Nullable Position position(Wire wire) {
        var canvas = wire.has("canvas") ? wire.object("canvas") : wire;
        if (!canvas.has("x") && !canvas.has("y")) {
            return null;
        }
        return new Position(canvas.number("x", 0), canvas.number("y", 0));
    }
}
