package ai.molecule.platform.workspace;

import ai.molecule.platform.backend.HostAccess;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Wire;
import ai.molecule.protocol.WireException;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A wanted change of some of a workspace's fields; fields that are absent stay.
public final class Patch {

    /// What only the operator may change: an agent must not raise itself or leave its place.
    private static final List<String> OPERATORS = Stream.concat(
                    Stream.of(
                            "tier",
                            "parent_id",
                            "runtime",
                            "model",
                            "backend",
                            "max_concurrent_tasks",
                            "url",
                            "ephemeral",
                            "ttl"),
                    HostFields.NAMES.stream())
            .toList();

    private final Wire wire;

    private Patch(Wire wire) {
        this.wire = wire;
    }

    /// Reads the body of `PATCH /workspaces/{id}`.
    ///
    /// @param operator false for an agent, which may not change everything
    /// @throws WireException when a field cannot be changed at all
    /// @throws Refusal `forbidden_field` when an agent asks for what is the operator's
    public static Patch read(JsonNode body, boolean operator) {
        var wire = Wire.of(body);
        for (var field : OPERATORS) {
            if (!operator && wire.mentions(field)) {
                throw new Refusal(
                        Refusal.Reason.FORBIDDEN_FIELD,
                        "Expected the operator to change \"" + field + "\", but an agent asked");
            }
        }
        if (wire.has("url")) {
            throw new WireException("Expected \"url\" to stay as it was created");
        }
        Ttl.read(wire);
        if (wire.has("x") != wire.has("y")) {
            throw new WireException("Expected \"x\" and \"y\" together");
        }
        return new Patch(wire);
    }

    /// True when it is to end at another time, or not at all.
    boolean endsOtherwise() {
        return wire.has("ephemeral") || wire.has("ttl");
    }

    /// When it is to end.
    ///
    /// @param old when it was to; null for never
    @Nullable
    Instant expiry(@Nullable Instant old, Instant now) {
        if (!endsOtherwise()) {
            return old;
        }
        var ttl = Ttl.read(wire);
        return ttl == null ? null : now.plus(ttl);
    }

    /// True when the parent is to change, to root included.
    boolean reparents() {
        return wire.mentions("parent_id");
    }

    @Nullable
    WorkspaceId parent() {
        return wire.has("parent_id") ? wire.workspaceId("parent_id") : null;
    }

    Profile applyTo(Profile old) {
        return new Profile(
                wire.mentions("name") ? wire.text("name") : old.name(),
                wire.mentions("role") ? wire.text("role", "") : old.role(),
                wire.has("tier") ? Tier.of(wire.integer("tier", 0)) : old.tier(),
                runtime(old),
                wire.mentions("model") ? wire.text("model", "").strip() : old.model(),
                backend(old),
                (int) wire.integer("max_concurrent_tasks", old.maxConcurrentTasks()),
                host(old),
                wire.has("metadata") ? wire.object("metadata").json() : old.metadata());
    }

    /// Another runtime comes with the next start. An external agent brings its own; one that comes to a backend
    /// is made of what is asked for, or of what new workspaces are.
    private String runtime(Profile old) {
        var backend = backend(old);
        if (backend.equals(Profile.EXTERNAL)) {
            var wanted = wire.text("runtime", Profile.EXTERNAL);
            if (!wanted.equals(old.runtime()) && !wanted.equals(Profile.EXTERNAL)) {
                throw new WireException("Expected no \"runtime\", because an external agent brings its own");
            }
            return old.external() ? old.runtime() : Profile.EXTERNAL;
        }
        var wanted = wire.text("runtime", old.external() ? Draft.RUNTIME_DEFAULT : old.runtime());
        if (wanted.equals(Profile.EXTERNAL)) {
            throw new WireException(
                    "Expected \"runtime\" to be one that backends run; to move it to hardware of your own: \"backend\": \"external\"");
        }
        return wanted;
    }

    /// Another backend comes at once, and so does none: `external`.
    private String backend(Profile old) {
        return wire.text("backend", old.backend());
    }

    private HostAccess host(Profile old) {
        return backend(old).equals(Profile.EXTERNAL) && !old.external() && !wire.mentions("workspace_dir")
                ? HostAccess.NONE
                : HostFields.read(wire, old.host());
    }

    Place applyTo(Place old) {
        return new Place(
                reparents() ? parent() : old.parent(),
                wire.number("x", old.x()),
                wire.number("y", old.y()),
                wire.flag("collapsed", old.collapsed()));
    }
}
