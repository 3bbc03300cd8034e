package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.ADMIN;
import static ai.molecule.platform.edge.Route.Who.ANYONE;
import static ai.molecule.platform.edge.Route.Who.WORKSPACE;

import ai.molecule.platform.a2a.Cards;
import ai.molecule.platform.a2a.Sleep;
import ai.molecule.platform.access.Access;
import ai.molecule.platform.access.Hierarchy;
import ai.molecule.platform.workspace.Cursor;
import ai.molecule.platform.workspace.Draft;
import ai.molecule.platform.workspace.Patch;
import ai.molecule.platform.workspace.Sighting;
import ai.molecule.platform.workspace.Workspace;
import ai.molecule.platform.workspace.Workspaces;
import ai.molecule.platform.workspace.Workspaces.IdempotencyKey;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.Wire;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Workspaces over HTTP, in the original's shapes.
public final class WorkspaceRoutes {

    private static final HeaderName IDEMPOTENCY_KEY = HeaderNames.create("Idempotency-Key");
    private static final int KEY_LENGTH_MAX = 255;
    private static final int PAGE_MAX = 500;
    private static final Duration OVERLAP_MAX = Duration.ofDays(30);

    private final Workspaces workspaces;
    private final Hierarchy hierarchy;
    private final Access access;
    private final Cards cards;
    private final Sleep sleep;
    private final Place place;

    /// What the routes need to know of where they are.
    public record Place(String defaultBackend, java.util.function.Supplier<java.net.URI> platformUrl) {}

    public WorkspaceRoutes(
            Workspaces workspaces, Hierarchy hierarchy, Access access, Cards cards, Sleep sleep, Place place) {
        this.workspaces = workspaces;
        this.hierarchy = hierarchy;
        this.access = access;
        this.cards = cards;
        this.sleep = sleep;
        this.place = place;
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
                new Route(Method.POST, "/workspaces/{id}/enrolments", ADMIN, this::enrol),
                new Route(Method.GET, "/workspaces/{id}/tokens", WORKSPACE, this::tokens),
                new Route(Method.POST, "/workspaces/{id}/tokens", WORKSPACE, this::addToken),
                new Route(Method.DELETE, "/workspaces/{id}/tokens/{token}", WORKSPACE, this::endToken),
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
        var created = workspaces.create(Draft.read(body, place.defaultBackend()), idempotencyKey(call, body));
        var made = created.workspace();
        var answer = Json.object()
                .put("id", made.id().toString())
                .put("status", made.life().status())
                .put("name", made.profile().name())
                .put("runtime", made.profile().runtime())
                .put("backend", made.profile().backend())
                .put("tier", made.profile().tier().number());
        if (made.profile().external()) {
            answer.put("external", true);
            if (made.guest().epoch() == 0) {
                answer.set("connection", connection(made));
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

    /// How an external agent joins: shown once, to whoever asks for it.
    private ObjectNode connection(Workspace made) {
        return Connection.of(
                made.id(),
                place.platformUrl().get(),
                access.newEnrolment(made.id()).reveal());
    }

    /// Another enrolment, where the first was lost or used up, or its agent lost its token.
    private Answer enrol(Call call) {
        call.jsonOrNothing();
        return Answer.json(201, connection(workspaces.require(call.id())));
    }

    private Answer addToken(Call call) {
        var wire = Wire.of(call.jsonOrNothing());
        var id = workspaces.require(call.id()).id();
        var seconds = wire.integer("others_end_in_seconds", -1);
        if (seconds < -1 || seconds > OVERLAP_MAX.toSeconds()) {
            throw new Refusal(
                    Reason.INVALID_FIELD, "Expected \"others_end_in_seconds\" from 0 to " + OVERLAP_MAX.toSeconds());
        }
        var token = access.addAgentToken(id, seconds < 0 ? null : Duration.ofSeconds(seconds));
        return Answer.json(
                201,
                Json.object()
                        .put("auth_token", token.reveal())
                        .put("workspace_id", id.toString())
                        .put("message", "shown once; those before it stay good until they are ended"));
    }

    private Answer tokens(Call call) {
        var answer = Json.object();
        var list = answer.putArray("tokens");
        for (var note : access.tokens(workspaces.require(call.id()).id())) {
            list.addObject()
                    .put("id", note.id().toString())
                    .put("created_at", note.createdAt().toString())
                    .put("last_used_at", text(note.lastUsedAt()))
                    .put("expires_at", text(note.expiresAt()));
        }
        return Answer.ok(answer.put("count", list.size()));
    }

    private static Optional<UUID> uuid(String text) {
        try {
            return Optional.of(UUID.fromString(text));
        } catch (IllegalArgumentException noId) {
            return Optional.empty();
        }
    }

    private static @Nullable String text(@Nullable Instant instant) {
        return instant == null ? null : instant.toString();
    }

    private Answer endToken(Call call) {
        var id = uuid(call.path("token"))
                .orElseThrow(() -> new Refusal(Reason.BAD_REQUEST, "Expected a token's id (a UUID) in the path"));
        access.endToken(call.id(), id);
        return Answer.ok(Json.object().put("status", "revoked"));
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
            answer.set("connection", connection(patched));
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
