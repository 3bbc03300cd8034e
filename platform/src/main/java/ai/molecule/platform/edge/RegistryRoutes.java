package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.ANYONE;
import static ai.molecule.platform.edge.Route.Who.WORKSPACE;

import ai.molecule.platform.a2a.Cards;
import ai.molecule.platform.access.Caller;
import ai.molecule.platform.access.Hierarchy;
import ai.molecule.platform.registry.Heartbeats;
import ai.molecule.platform.registry.Peers;
import ai.molecule.platform.registry.Registry;
import ai.molecule.platform.workspace.Workspaces;
import ai.molecule.protocol.Heartbeat;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.Registration;
import ai.molecule.protocol.Wire;
import ai.molecule.protocol.WorkspaceId;
import io.helidon.http.Method;
import java.util.List;
import java.util.Locale;

/// Registration, heartbeats and discovery over HTTP, in the original's shapes.
public final class RegistryRoutes {

    private final Registry registry;
    private final Heartbeats heartbeats;
    private final Peers peers;
    private final Workspaces workspaces;
    private final Hierarchy hierarchy;
    private final Cards cards;

    public RegistryRoutes(
            Registry registry,
            Heartbeats heartbeats,
            Peers peers,
            Workspaces workspaces,
            Hierarchy hierarchy,
            Cards cards) {
        this.registry = registry;
        this.heartbeats = heartbeats;
        this.peers = peers;
        this.workspaces = workspaces;
        this.hierarchy = hierarchy;
        this.cards = cards;
    }

    public List<Route> routes() {
        return List.of(
                new Route(Method.POST, "/registry/register", ANYONE, this::register),
                new Route(Method.POST, "/registry/heartbeat", ANYONE, this::heartbeat),
                new Route(Method.POST, "/registry/update-card", ANYONE, this::updateCard),
                new Route(Method.GET, "/registry/discover/{id}", ANYONE, this::discover),
                new Route(Method.GET, "/registry/{id}/peers", WORKSPACE, this::peers),
                new Route(Method.POST, "/registry/check-access", ANYONE, this::checkAccess));
    }

    private Answer register(Call call) {
        var caller = call.caller();
        var bearer = call.bearer() == null ? "" : call.bearer();
        var registration = Registration.read(call.json());
        if (registration.id() != null) {
            workspaces.require(registration.id());
        }
        var registered = registry.register(caller, bearer, registration);
        var answer = Json.object().put("status", "registered");
        if (registered.authToken() != null) {
            answer.put("auth_token", registered.authToken());
        }
        return Answer.ok(answer.put("workspace_id", registered.workspace().id().toString())
                .put("epoch", registered.workspace().guest().epoch())
                .put("delivery_mode", registered.workspace().guest().delivery().wire())
                .put("platform_inbound_secret", registered.inboundSecret()));
    }

    private Answer heartbeat(Call call) {
        heartbeats.hear(call.caller(), Heartbeat.read(call.json()));
        return Answer.ok(Json.object().put("status", "ok"));
    }

    private Answer updateCard(Call call) {
        var body = Wire.of(call.json());
        var id = body.workspaceId("workspace_id");
        var own = call.caller() instanceof Caller.Agent(var workspace, var _) && workspace.equals(id);
        if (!call.admin() && !own) {
            throw new Refusal(Reason.FORBIDDEN, "Expected the operator's token or the workspace's own");
        }
        registry.updateCard(id, body.json().path("agent_card"));
        return Answer.ok(Json.object().put("status", "updated"));
    }

    private Answer discover(Call call) {
        hierarchy.checkMayTalk(call.caller(), call.id());
        var found = workspaces.require(call.id());
        return Answer.ok(Json.object()
                .put("id", found.id().toString())
                .put("url", cards.endpoint(found.id()))
                .put("name", found.profile().name())
                .put("role", found.profile().role())
                .put("status", found.life().status()));
    }

    private Answer peers(Call call) {
        workspaces.require(call.id());
        var wanted = call.query("q").orElse("").toLowerCase(Locale.ROOT);
        var list = Json.array();
        for (var id : peers.of(call.id())) {
            var peer = WorkspaceRoutes.forAgents(workspaces.sight(id), cards);
            var text = (peer.path("name").asText() + "\n" + peer.path("role").asText()).toLowerCase(Locale.ROOT);
            if (text.contains(wanted)) {
                list.add(peer);
            }
        }
        return Answer.ok(list);
    }

    private Answer checkAccess(Call call) {
        var body = Wire.of(call.json());
        WorkspaceId from = body.workspaceId("caller_id");
        var own = call.caller() instanceof Caller.Agent(var workspace, var _) && workspace.equals(from);
        if (!call.admin() && !own) {
            throw new Refusal(Reason.FORBIDDEN, "Expected \"caller_id\" to be the caller's own");
        }
        return Answer.ok(Json.object().put("allowed", hierarchy.mayTalk(from, body.workspaceId("target_id"))));
    }
}
