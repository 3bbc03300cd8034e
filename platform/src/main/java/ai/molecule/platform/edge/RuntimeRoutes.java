package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.ADMIN;

import ai.molecule.platform.workspace.Offer;
import ai.molecule.platform.workspace.Runtimes;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import io.helidon.http.Method;
import java.util.List;

/// What agents can be made of, and where they can run.
public final class RuntimeRoutes {

    private final Runtimes runtimes;
    private final Offer offer;
    private final String standardBackend;

    /// What the routes tell of.
    ///
    /// @param standardBackend the one that is taken when nothing else is said
    public RuntimeRoutes(Runtimes runtimes, Offer offer, String standardBackend) {
        this.runtimes = runtimes;
        this.offer = offer;
        this.standardBackend = standardBackend;
    }

    /// Its routes.
    public List<Route> routes() {
        return List.of(
                new Route(Method.GET, "/backends", ADMIN, call -> Answer.ok(offer.backendsJson(standardBackend))),
                new Route(Method.GET, "/runtimes", ADMIN, this::list),
                new Route(Method.GET, "/runtimes/{runtime}", ADMIN, this::show),
                new Route(Method.PUT, "/runtimes/{runtime}", ADMIN, this::put),
                new Route(Method.DELETE, "/runtimes/{runtime}", ADMIN, this::delete));
    }

    private Answer list(Call call) {
        var array = Json.array();
        runtimes.all().forEach(one -> array.add(offer.toJson(one)));
        return Answer.ok(array);
    }

    private Answer show(Call call) {
        var id = call.path("runtime");
        return Answer.ok(offer.toJson(runtimes.find(id)
                .orElseThrow(() -> new Refusal(Reason.NOT_FOUND, "Expected a runtime, but there is no " + id))));
    }

    private Answer put(Call call) {
        var runtime = Runtimes.read(call.path("runtime"), call.json());
        runtimes.put(runtime);
        return Answer.ok(offer.toJson(runtime));
    }

    private Answer delete(Call call) {
        runtimes.delete(call.path("runtime"));
        return Answer.ok(Json.object().put("status", "deleted"));
    }
}
