package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.ADMIN;
import static ai.molecule.platform.edge.Route.Who.ANYONE;
import static ai.molecule.platform.edge.Route.Who.WORKSPACE;

import ai.molecule.platform.a2a.Cards;
import ai.molecule.platform.a2a.Sleep;
import ai.molecule.platform.access.Hierarchy;
import ai.molecule.platform.workspace.Cursor;
import ai.molecule.platform.workspace.Draft;
import ai.molecule.platform.workspace.Patch;
import ai.molecule.platform.workspace.Sighting;
import ai.molecule.platform.workspace.Workspaces;
import ai.molecule.platform.workspace.Workspaces.IdempotencyKey;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Workspaces over HTTP, in the original's shapes.
public final class WorkspaceRoutes {

    private static final HeaderName IDEMPOTENCY_KEY = HeaderNames.create("Idempotency-Key");
    private static final int KEY_LENGTH_MAX = 255;
    private static final int PAGE_MAX = 500;

    private final Workspaces workspaces;
    private final Hierarchy hierarchy;
    private final TokenRoutes tokens;
    private final Cards cards;
    private final Sleep sleep;
    private final String defaultBackend;

    public WorkspaceRoutes(
            Workspaces workspaces,
            Hierarchy hierarchy,
            TokenRoutes tokens,
            Cards cards,
            Sleep sleep,
            String defaultBackend) {
        this.workspaces = workspaces;
        this.hierarchy = hierarchy;
        this.tokens = tokens;
        this.cards = cards;
        this.sleep = sleep;
        this.defaultBackend = defaultBackend;
    }

    public List<Route> routes() {
        return List.of(
                new Route(Method.GET, "/workspaces", ADMIN, this::list),
                new Route(Method.POST, "/workspaces", ADMIN, this::create),
                new Route(Method.GET, "/workspaces/{id}", ANYONE, this::show),
                new Route(Method.PATCH, "/workspaces/{id}", WORKSPACE, this::patch),
                new Route(Method.DELETE, "/workspaces/{id}", ADMIN, this::remove),
                new Route(Method.POST, "/workspaces/{id}/restart", WORKSPACE, this::restart),
                new Route(Method.POST, "/workspaces/{id}/pause", WORKSPACE, this::pause),
                new Route(Method.POST, "/workspaces/{id}/hibernate", WORKSPACE, this::hibernate),
                new Route(Method.POST, "/workspaces/{id}/resume", ADMIN, this::resume),
                new Route(Method.GET, "/workspaces/{id}/stays", ADMIN, this::stays),
                new Route(Method.GET, "/workspaces/{id}/state", WORKSPACE, this::state));
    }

    private Answer list(Call call) {
        var limit = call.query("limit");
        if (limit.isEmpty()) {
            return Answer.ok(array(workspaces.all()));
        }
        var size = pageSize(limit.get());
        var cursor = call.query("cursor")
                .map(text -> Cursor.parse(text)
                        .orElseThrow(
                                () -> new Refusal(Reason.BAD_REQUEST, "Expected a cursor that an earlier page gave")))
                .orElse(Cursor.START);
        var page = workspaces.page(cursor, size + 1);
        var shown = page.subList(0, Math.min(size, page.size()));
        var body = Json.object();
        body.set("workspaces", array(shown));
        body.put(
                "next_cursor",
                page.size() > size ? Cursor.after(shown.getLast().workspace()).wire() : null);
        return Answer.ok(body);
    }

    private Answer create(Call call) {
        var body = call.json();
        var created = workspaces.create(Draft.read(body, defaultBackend), idempotencyKey(call, body));
        var made = created.workspace();
        var answer = Json.object()
                .put("id", made.id().toString())
                .put("status", made.life().status())
                .put("name", made.profile().name())
                .put("runtime", made.profile().runtime())
                .put("backend", made.profile().backend())
                .put("tier", made.profile().tier().number());
        if (made.expiresAt() != null) {
            answer.put("ephemeral", true).put("expires_at", made.expiresAt().toString());
        }
        if (made.profile().external()) {
            answer.put("external", true);
            if (made.guest().epoch() == 0) {
                answer.set("connection", tokens.connection(made.id()));
            }
        }
        return new Answer.Body(
                201,
                "application/json",
                Json.bytes(answer),
                created.replayed()
                        ? java.util.Map.of("Idempotency-Replayed", "true")
                        : java.util.Map.of("Location", "/workspaces/" + made.id()));
    }

    private Answer show(Call call) {
        var sighting = workspaces.sight(call.id());
        if (call.admin()) {
            return Answer.ok(sighting.toJson());
        }
        hierarchy.checkMayTalk(call.caller(), call.id());
        return Answer.ok(forAgents(sighting, cards));
    }

    /// What an agent sees of another: no internal address, nothing of its owner's notes.
    static ObjectNode forAgents(Sighting sighting, Cards cards) {
        var json = sighting.toJson();
        json.remove(Sighting.OPERATORS_ONLY);
        return json.put("url", cards.endpoint(sighting.workspace().id()));
    }

    private Answer patch(Call call) {
        var patch = Patch.read(call.json(), call.admin());
        var wasExternal = workspaces.require(call.id()).profile().external();
        var patched = workspaces.patch(call.id(), patch);
        var answer = Json.object().put("status", "updated");
        if (patched.profile().external() && !wasExternal) {
            answer.set("connection", tokens.connection(patched.id()));
        }
        return Answer.ok(answer);
    }

    private Answer remove(Call call) {
        var confirmed = call.query("confirm").map("true"::equals).orElse(false);
        var keepData = call.query("keep_data").map("true"::equals).orElse(false);
        var below = workspaces.remove(call.id(), confirmed, keepData);
        return Answer.ok(Json.object().put("status", "removed").put("cascade_deleted", below));
    }

    private Answer restart(Call call) {
        call.jsonOrNothing();
        var restarted = workspaces.restart(call.id());
        return Answer.ok(Json.object().put("status", restarted.life().status()));
    }

    private Answer pause(Call call) {
        call.jsonOrNothing();
        return Answer.ok(Json.object().put("status", "paused").put("paused_count", workspaces.pause(call.id())));
    }

    private Answer hibernate(Call call) {
        call.jsonOrNothing();
        sleep.hibernate(call.id(), call.query("force").filter("true"::equals).isPresent());
        return Answer.ok(Json.object().put("status", "hibernated"));
    }

    private Answer resume(Call call) {
        call.jsonOrNothing();
        var count = workspaces.resume(call.id());
        var status = workspaces.require(call.id()).life().status();
        return Answer.ok(Json.object().put("status", status).put("resumed_count", count));
    }

    /// For remote agents that ask whether they are still wanted.
    private Answer stays(Call call) {
        var stays = Json.array();
        workspaces.stays(call.id()).forEach(stay -> stays.add(stay.toJson()));
        return Answer.ok(stays);
    }

    private Answer state(Call call) {
        var life = workspaces.require(call.id()).life();
        return Answer.ok(Json.object()
                .put("workspace_id", call.id().toString())
                .put("status", life.status())
                .put("paused", life.status().equals("paused"))
                .put("deleted", false));
    }

    private static JsonNode array(List<Sighting> sightings) {
        var array = Json.array();
        sightings.forEach(one -> array.add(one.toJson()));
        return array;
    }

    private static int pageSize(String text) {
        if (!text.matches("[0-9]{1,4}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > PAGE_MAX) {
            throw new Refusal(Reason.BAD_REQUEST, "Expected \"limit\" between 1 and " + PAGE_MAX);
        }
        return Integer.parseInt(text);
    }

    private static @Nullable IdempotencyKey idempotencyKey(Call call, JsonNode body) {
        var key = call.header(IDEMPOTENCY_KEY);
        if (key.isEmpty()) {
            return null;
        }
        if (key.get().isBlank() || key.get().length() > KEY_LENGTH_MAX) {
            throw new Refusal(
                    Reason.BAD_REQUEST, "Expected an Idempotency-Key of 1 to " + KEY_LENGTH_MAX + " characters");
        }
        try {
            return new IdempotencyKey(
                    key.get(), MessageDigest.getInstance("SHA-256").digest(Json.bytes(body)));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("Expected SHA-256 in every JDK", impossible);
        }
    }
}
