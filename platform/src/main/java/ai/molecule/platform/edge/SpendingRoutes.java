package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.ADMIN;
import static ai.molecule.platform.edge.Route.Who.WORKSPACE;

import ai.molecule.platform.spending.Price;
import ai.molecule.platform.spending.Spending;
import ai.molecule.platform.spending.Taken;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.Wire;
import com.fasterxml.jackson.databind.JsonNode;
import io.helidon.http.Method;
import java.util.List;

/// What agents take of models, what it costs, and how much it may.
public final class SpendingRoutes {

    private static final String DAYS_DEFAULT = "30";

    private final Spending spending;

    public SpendingRoutes(Spending spending) {
        this.spending = spending;
    }

    public List<Route> routes() {
        return List.of(
                new Route(
                        Method.GET,
                        "/workspaces/{id}/budget",
                        WORKSPACE,
                        call -> Answer.ok(spending.budget(call.id()).toJson())),
                new Route(Method.PATCH, "/workspaces/{id}/budget", ADMIN, this::limit),
                new Route(Method.GET, "/workspaces/{id}/usage", WORKSPACE, this::usage),
                new Route(Method.GET, "/usage", ADMIN, call -> Answer.ok(array(spending.thisMonth(), "workspace_id"))),
                new Route(Method.GET, "/model-prices", ADMIN, call -> Answer.ok(prices())),
                new Route(Method.POST, "/model-prices", ADMIN, this::price),
                new Route(Method.DELETE, "/model-prices", ADMIN, this::forget));
    }

    private Answer limit(Call call) {
        var wire = Wire.of(call.json());
        if (!wire.mentions("budget_limit")) {
            throw new Refusal(Reason.INVALID_FIELD, "Expected \"budget_limit\": US cents, or null for no limit");
        }
        var cents = wire.has("budget_limit") ? wire.integer("budget_limit", 0) : null;
        return Answer.ok(spending.limit(call.id(), cents).toJson());
    }

    private Answer usage(Call call) {
        var days = call.query("days").orElse(DAYS_DEFAULT);
        if (!days.matches("[0-9]{1,3}")) {
            throw new Refusal(Reason.BAD_REQUEST, "Expected \"days\" to be a number");
        }
        return Answer.ok(array(spending.byDay(call.id(), Integer.parseInt(days)), "day"));
    }

    static JsonNode array(List<Taken> all, String of) {
        var list = Json.array();
        all.forEach(one -> list.add(one.toJson(of)));
        return list;
    }

    private JsonNode prices() {
        var list = Json.array();
        spending.prices().forEach(one -> list.add(one.toJson()));
        return list;
    }

    private Answer price(Call call) {
        var wire = Wire.of(call.json());
        for (var field : List.of("input", "output")) {
            if (!wire.has(field)) {
                throw new Refusal(Reason.INVALID_FIELD, "Expected \"" + field + "\": US dollars for a million tokens");
            }
        }
        var price = Price.dollars(wire.text("model"), wire.number("input", 0), wire.number("output", 0));
        spending.put(price);
        return Answer.ok(price.toJson());
    }

    private Answer forget(Call call) {
        spending.remove(call.query("model")
                .orElseThrow(() -> new Refusal(Reason.BAD_REQUEST, "Expected \"model\" in the query")));
        return Answer.ok(Json.object().put("status", "deleted"));
    }
}
