package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.ADMIN;
import static ai.molecule.platform.edge.Route.Who.WORKSPACE;

import ai.molecule.platform.access.Caller;
import ai.molecule.platform.secret.SecretName;
import ai.molecule.platform.secret.Secrets;
import ai.molecule.platform.workspace.Workspaces;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.Wire;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Secrets: names for people, values only for the agent they are for.
public final class SecretRoutes {

    private final Secrets secrets;
    private final Workspaces workspaces;

    public SecretRoutes(Secrets secrets, Workspaces workspaces) {
        this.secrets = secrets;
        this.workspaces = workspaces;
    }

    public List<Route> routes() {
        var routes = new ArrayList<Route>();
        routes.add(new Route(Method.GET, "/workspaces/{id}/secrets", WORKSPACE, this::list));
        routes.add(new Route(Method.GET, "/workspaces/{id}/secrets/values", WORKSPACE, this::values));
        for (var method : List.of(Method.POST, Method.PUT)) {
            routes.add(new Route(method, "/workspaces/{id}/secrets", ADMIN, call -> save(call, () -> present(call))));
        }
        routes.add(
                new Route(Method.DELETE, "/workspaces/{id}/secrets/{key}", ADMIN, call -> delete(call, present(call))));
        for (var base : List.of("/settings/secrets", "/admin/secrets")) {
            routes.add(new Route(Method.GET, base, ADMIN, call -> Answer.ok(names(secrets.names(null)))));
            for (var method : List.of(Method.POST, Method.PUT)) {
                routes.add(new Route(method, base, ADMIN, call -> save(call, () -> null)));
            }
            routes.add(new Route(Method.DELETE, base + "/{key}", ADMIN, call -> delete(call, null)));
        }
        return routes;
    }

    private WorkspaceId present(Call call) {
        return workspaces.require(call.id()).id();
    }

    private Answer list(Call call) {
        return Answer.ok(names(secrets.names(present(call))));
    }

    /// Only with the workspace's own token: whoever operates the platform sets values and does not read them
    /// back.
    private Answer values(Call call) {
        if (!(call.caller() instanceof Caller.Agent)) {
            throw new Refusal(Reason.FORBIDDEN, "Expected the workspace's own token");
        }
        var workspace = present(call);
        var values = Json.object();
        new TreeMap<>(secrets.values(workspace)).forEach(values::put);
        var body = Json.bytes(values);
        var tag = "\"" + secrets.mark(body) + "\"";
        if (call.header(HeaderNames.IF_NONE_MATCH).filter(tag::equals).isPresent()) {
            return new Answer.Body(304, "application/json", new byte[0], Map.of("ETag", tag));
        }
        secrets.tellRead(
                workspace, values.properties().stream().map(Map.Entry::getKey).toList());
        return new Answer.Body(200, "application/json", body, Map.of("Cache-Control", "no-store", "ETag", tag));
    }

    private static JsonNode names(List<SecretName> names) {
        var list = Json.array();
        for (var name : names) {
            list.addObject()
                    .put("key", name.name())
                    .put("has_value", true)
                    .put("scope", name.global() ? "global" : "workspace")
                    .put("created_at", name.createdAt().toString())
                    .put("updated_at", name.updatedAt().toString());
        }
        return list;
    }

    private Answer save(Call call, Supplier<@Nullable WorkspaceId> whose) {
        var wire = Wire.of(call.json());
        var name = wire.text("key");
        var workspace = whose.get();
        secrets.put(workspace, name, wire.text("value", ""));
        return Answer.ok(answer(call, workspace, name, "saved"));
    }

    private Answer delete(Call call, @Nullable WorkspaceId workspace) {
        var name = call.path("key");
        secrets.delete(workspace, name);
        return Answer.ok(answer(call, workspace, name, "deleted"));
    }

    /// Agents that the platform runs got their values when they were started: who has others now is named, and
    /// started anew only where `?restart=true` asks for it.
    private JsonNode answer(Call call, @Nullable WorkspaceId workspace, String name, String status) {
        var restart = call.query("restart").filter("true"::equals).isPresent();
        var json = Json.object().put("status", status).put("key", name);
        if (workspace == null) {
            json.put("scope", "global");
        }
        var stale = json.putArray("stale");
        var untouched = workspace == null ? secrets.owners(name) : Set.<WorkspaceId>of();
        for (var id : workspaces.running(workspace)) {
            if (!untouched.contains(id) && !(restart && restarted(id))) {
                stale.add(id.toString());
            }
        }
        return json;
    }

    /// False where its life does not allow it just now; the secret is saved all the same.
    private boolean restarted(WorkspaceId id) {
        try {
            workspaces.restart(id);
            return true;
        } catch (Refusal notNow) {
            return false;
        }
    }
}
