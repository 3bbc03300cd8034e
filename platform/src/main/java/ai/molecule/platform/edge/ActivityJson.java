package ai.molecule.platform.edge;

import ai.molecule.platform.ledger.ActivityRow;
import ai.molecule.platform.workspace.Workspace;
import ai.molecule.platform.workspace.Workspaces;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Legacy;
import ai.molecule.protocol.Message;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.URI;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Rows of activity as the original's programs read them, each generation what it looks for: the JSON-RPC
/// envelope, the `data` object, the peer, the attachments.
public final class ActivityJson {

    /// Ids are UUIDs (version 8, RFC 9562) whose last twelve digits are the place in the list.
    private static final long PREFIX = 0x6d6f6c65_63758000L;

    private static final long VARIANT = 0x8000_0000_0000_0000L;
    private static final long PLACE_MAX = 0xffff_ffff_ffffL;

    private final Workspaces workspaces;
    private final Supplier<URI> url;

    public ActivityJson(Workspaces workspaces, Supplier<URI> url) {
        this.workspaces = workspaces;
        this.url = url;
    }

    /// The place that a row's id stands for; empty when it is no such id.
    static Optional<Long> place(String id) {
        try {
            var uuid = UUID.fromString(id);
            var ours =
                    uuid.getMostSignificantBits() == PREFIX && (uuid.getLeastSignificantBits() & ~PLACE_MAX) == VARIANT;
            return ours ? Optional.of(uuid.getLeastSignificantBits() & PLACE_MAX) : Optional.empty();
        } catch (IllegalArgumentException notAnId) {
            return Optional.empty();
        }
    }

    private static String id(long place) {
        return new UUID(PREFIX, VARIANT | place).toString();
    }

    /// Writes rows of a workspace's list.
    ArrayNode rows(WorkspaceId of, List<ActivityRow> rows) {
        var peers = new HashMap<UUID, Optional<Workspace>>();
        var all = Json.array();
        for (var row : rows) {
            all.add(row(of, row, peers));
        }
        return all;
    }

    private ObjectNode row(WorkspaceId of, ActivityRow row, Map<UUID, Optional<Workspace>> peers) {
        var json = Json.object()
                .put("id", id(row.seq()))
                .put("seq", row.seq())
                .put("workspace_id", of.toString())
                .put("activity_type", row.type())
                .put("source_id", text(row.source()))
                .put("target_id", text(row.target()))
                .put("method", row.method())
                .put("summary", row.summary())
                .put("status", row.status())
                .put("error_detail", row.problem())
                .put("duration_ms", row.durationMs())
                .put("task_id", text(row.task()))
                .put("created_at", row.createdAt().toString());
        json.set("request_body", row.message().isNull() ? row.request() : envelope(row));
        json.set("response_body", row.message().isNull() || row.response().isNull() ? row.response() : result(row));
        json.set("tool_trace", Json.nothing());
        json.set("attachments", attachments(row.message()));
        var other = row.source() != null && row.source().equals(of.value()) ? row.target() : row.source();
        var peer = other == null ? Optional.<Workspace>empty() : peers.computeIfAbsent(other, this::find);
        describe(json, peer);
        var data = json.putObject("data")
                .put("source", row.source() == null ? "canvas_user" : "peer_agent")
                .put("text", row.message().isNull() ? row.summary() : Message.text(row.message()))
                .put("source_id", row.source() == null ? "" : row.source().toString());
        describe(data, peer);
        return json;
    }

    private Optional<Workspace> find(UUID id) {
        try {
            return Optional.of(workspaces.require(new WorkspaceId(id)));
        } catch (Refusal gone) {
            return Optional.empty();
        }
    }

    private void describe(ObjectNode json, Optional<Workspace> peer) {
        json.put("peer_name", peer.map(one -> one.profile().name()).orElse(""))
                .put("peer_role", peer.map(one -> one.profile().role()).orElse(""))
                .put("agent_card_url", peer.map(this::card).orElse(""));
    }

    private String card(Workspace peer) {
        return url.get()
                .resolve("workspaces/" + peer.id() + "/.well-known/agent-card.json")
                .toString();
    }

    private static @Nullable String text(@Nullable UUID id) {
        return id == null ? null : id.toString();
    }

    private static ObjectNode envelope(ActivityRow row) {
        var envelope = Json.object()
                .put("jsonrpc", "2.0")
                .put("id", row.message().path("messageId").asText())
                .put("method", row.method());
        var message = Legacy.message(row.message());
        // Some of the original's programs look for `kind`, others for `type`.
        message.path("parts")
                .forEach(part ->
                        ((ObjectNode) part).put("type", part.path("kind").asText()));
        envelope.putObject("params").set("message", message);
        return envelope;
    }

    private static ObjectNode result(ActivityRow row) {
        var task = Legacy.task(row.response());
        task.remove("history");
        var envelope = Json.object()
                .put("jsonrpc", "2.0")
                .put("id", row.message().path("messageId").asText());
        envelope.set("result", task);
        return envelope;
    }

    private static ArrayNode attachments(JsonNode message) {
        var all = Json.array();
        for (var part : message.path("parts")) {
            if (part.has("url")) {
                all.addObject()
                        .put("kind", "file")
                        .put("uri", part.path("url").asText())
                        .put("mime_type", part.path("mediaType").asText(""))
                        .put("name", part.path("filename").asText(""));
            }
        }
        return all;
    }
}
