package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.WORKSPACE;

import ai.molecule.platform.a2a.Courses;
import ai.molecule.platform.memory.Memories;
import ai.molecule.platform.memory.Memories.Note;
import ai.molecule.platform.memory.Memories.Question;
import ai.molecule.platform.memory.Memory;
import ai.molecule.platform.memory.Scope;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.Wire;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import java.util.List;
import java.util.UUID;

/// What a workspace remembers and may see of what others do.
public final class MemoryRoutes {

    private static final int LIMIT_MAX = 50;

    private final Memories memories;
    private final Courses courses;

    public MemoryRoutes(Memories memories, Courses courses) {
        this.memories = memories;
        this.courses = courses;
    }

    public List<Route> routes() {
        return List.of(
                new Route(Method.POST, "/workspaces/{id}/memories", WORKSPACE, this::commit),
                new Route(Method.GET, "/workspaces/{id}/memories", WORKSPACE, this::recall),
                new Route(Method.DELETE, "/workspaces/{id}/memories/{memory}", WORKSPACE, this::delete));
    }

    private Answer commit(Call call) {
        var wire = Wire.of(call.json());
        var kept = memories.commit(new Note(
                call.id(),
                Scope.parse(wire.text("scope", Scope.LOCAL.name())),
                wire.text("namespace", ""),
                wire.text("content"),
                call.admin() ? "operator" : "agent",
                courses.of(call.header(HeaderNames.create(Courses.TRACEPARENT)), call.id())));
        return Answer.json(201, place(kept));
    }

    /// What whoever remembers something is told.
    static ObjectNode place(Memory kept) {
        return Json.object()
                .put("id", kept.id().toString())
                .put("scope", kept.scope().name())
                .put("namespace", kept.namespace());
    }

    private Answer recall(Call call) {
        var limit = call.query("limit").orElse(String.valueOf(LIMIT_MAX));
        if (!limit.matches("[0-9]{1,2}") || Integer.parseInt(limit) < 1 || Integer.parseInt(limit) > LIMIT_MAX) {
            throw new Refusal(Reason.BAD_REQUEST, "Expected \"limit\" between 1 and " + LIMIT_MAX);
        }
        var list = Json.array();
        memories.recall(new Question(
                        call.id(),
                        call.query("q").orElse(""),
                        call.query("scope").orElse(""),
                        call.query("namespace").orElse(""),
                        Integer.parseInt(limit)))
                .forEach(one -> list.add(one.toJson()));
        return Answer.ok(list);
    }

    private Answer delete(Call call) {
        try {
            memories.delete(call.id(), UUID.fromString(call.path("memory")));
        } catch (IllegalArgumentException none) {
            throw new Refusal(Reason.BAD_REQUEST, "Expected the id of a memory (a UUID) in the path");
        }
        return Answer.ok(Json.object().put("status", "deleted"));
    }
}
