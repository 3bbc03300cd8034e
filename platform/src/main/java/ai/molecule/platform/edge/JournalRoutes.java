package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.ADMIN;
import static ai.molecule.platform.edge.Route.Who.ANYONE;

import ai.molecule.platform.journal.Fact;
import ai.molecule.platform.journal.Journal;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import com.fasterxml.jackson.databind.JsonNode;
import io.helidon.http.Method;
import java.util.List;

/// What happened, to read back.
public final class JournalRoutes {

    private static final int LIMIT_DEFAULT = 100;
    private static final int LIMIT_MAX = 500;

    private final Journal journal;

    public JournalRoutes(Journal journal) {
        this.journal = journal;
    }

    public List<Route> routes() {
        return List.of(
                new Route(Method.GET, "/ws", ANYONE, call -> notUpgraded()),
                new Route(
                        Method.GET,
                        "/events",
                        ADMIN,
                        call -> Answer.ok(array(journal.after(Math.max(0, journal.last() - limit(call)), limit(call))
                                .reversed()))),
                new Route(
                        Method.GET,
                        "/events/{id}",
                        ADMIN,
                        call -> Answer.ok(array(journal.about(call.id(), limit(call))))));
    }

    /// Where a request for the event socket ends that asked for no upgrade, or whose upgrade was refused.
    private static Answer notUpgraded() {
        throw new Refusal(
                Reason.BAD_REQUEST, "Expected a WebSocket upgrade with a credential and, if any, a number in since");
    }

    private static JsonNode array(List<Fact> facts) {
        var list = Json.array();
        for (var fact : facts) {
            var json = list.addObject()
                    .put("id", fact.seq())
                    .put("event_type", fact.event().name())
                    .put(
                            "workspace_id",
                            fact.workspace() == null ? null : fact.workspace().toString());
            json.set("payload", fact.payload());
            json.put("created_at", fact.at().toString());
        }
        return list;
    }

    private static int limit(Call call) {
        var text = call.query("limit").orElse(String.valueOf(LIMIT_DEFAULT));
        if (!text.matches("[0-9]{1,4}") || Integer.parseInt(text) < 1 || Integer.parseInt(text) > LIMIT_MAX) {
            throw new Refusal(Reason.BAD_REQUEST, "Expected \"limit\" between 1 and " + LIMIT_MAX);
        }
        return Integer.parseInt(text);
    }
}
