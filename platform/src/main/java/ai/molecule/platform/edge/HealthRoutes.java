package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.ADMIN;
import static ai.molecule.platform.edge.Route.Who.OPEN;

import ai.molecule.platform.live.Feed;
import ai.molecule.platform.store.Database;
import ai.molecule.protocol.Json;
import io.helidon.http.Method;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.List;

/// Whether the platform can serve, for everybody; and its figures, for the operator.
public final class HealthRoutes {

    private final Database database;
    private final PrometheusMeterRegistry meters;

    public HealthRoutes(Database database, Feed feed, PrometheusMeterRegistry meters) {
        this.database = database;
        this.meters = meters;
        Gauge.builder("molecule_viewers", feed, Feed::viewers)
                .description("open event sockets")
                .register(meters);
        new JvmMemoryMetrics().bindTo(meters);
        new JvmThreadMetrics().bindTo(meters);
    }

    public List<Route> routes() {
        return List.of(
                new Route(Method.GET, "/health", OPEN, this::health),
                new Route(
                        Method.GET,
                        "/metrics",
                        ADMIN,
                        call -> Answer.text("text/plain; version=0.0.4; charset=utf-8", meters.scrape())));
    }

    private Answer health(Call call) {
        return database.answers() ? Answer.ok(Json.object().put("status", "ok")) : Errors.unavailable();
    }
}
