package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.ADMIN;
import static ai.molecule.platform.edge.Route.Who.WORKSPACE;

import ai.molecule.platform.access.Access;
import ai.molecule.platform.workspace.Workspaces;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.Wire;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.http.Method;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Enrolments and tokens of agents: another one, which there are, and ending one at once.
public final class TokenRoutes {

    private static final Duration OVERLAP_MAX = Duration.ofDays(30);

    private final Workspaces workspaces;
    private final Access access;
    private final Supplier<URI> platform;

    public TokenRoutes(Workspaces workspaces, Access access, Supplier<URI> platform) {
        this.workspaces = workspaces;
        this.access = access;
        this.platform = platform;
    }

    public List<Route> routes() {
        return List.of(
                new Route(Method.POST, "/workspaces/{id}/enrolments", ADMIN, this::enrol),
                new Route(Method.GET, "/workspaces/{id}/tokens", WORKSPACE, this::tokens),
                new Route(Method.POST, "/workspaces/{id}/tokens", WORKSPACE, this::addToken),
                new Route(Method.DELETE, "/workspaces/{id}/tokens/{token}", WORKSPACE, this::endToken));
    }

    /// How an external agent joins: shown once, to whoever asks for it.
    ObjectNode connection(WorkspaceId workspace) {
        return Connection.of(workspace, platform.get(), access.newEnrolment(workspace));
    }

    /// Another enrolment, where the first was lost or used up, or its agent lost its token.
    private Answer enrol(Call call) {
        call.jsonOrNothing();
        return Answer.json(201, connection(workspaces.require(call.id()).id()));
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
}
