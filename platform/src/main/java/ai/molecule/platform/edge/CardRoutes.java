package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.ANYONE;

import ai.molecule.platform.a2a.Cards;
import ai.molecule.platform.access.Hierarchy;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Json;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;

/// The card of every workspace, whether its agent is there or not: in 1.0's words for who asks with that
/// version, in both versions' for everybody else.
public final class CardRoutes {

    private static final HeaderName VERSION = HeaderNames.create(A2aVersion.HEADER);

    private final Cards cards;
    private final Hierarchy hierarchy;

    public CardRoutes(Cards cards, Hierarchy hierarchy) {
        this.cards = cards;
        this.hierarchy = hierarchy;
    }

    public List<Route> routes() {
        return List.of(
                new Route(Method.GET, "/workspaces/{id}/.well-known/agent-card.json", ANYONE, this::card),
                new Route(Method.GET, "/workspaces/{id}/a2a/.well-known/agent-card.json", ANYONE, this::card));
    }

    private Answer card(Call call) {
        hierarchy.checkMayTalk(call.caller(), call.id());
        var current = call.header(VERSION)
                .flatMap(A2aVersion::negotiate)
                .filter(A2aVersion.V1_0::equals)
                .isPresent();
        var bytes = Json.bytes(current ? cards.current(call.id()) : cards.of(call.id()));
        var tag = tag(bytes);
        var headers = Map.of("ETag", tag, "Cache-Control", "private, no-cache", "Vary", A2aVersion.HEADER);
        var known = call.header(HeaderNames.IF_NONE_MATCH).orElse("");
        return known.equals("*") || List.of(known.split("\\s*,\\s*", -1)).contains(tag)
                ? new Answer.Body(304, "application/json", new byte[0], headers)
                : new Answer.Body(200, "application/json", bytes, headers);
    }

    private static String tag(byte[] bytes) {
        var sum = new CRC32C();
        sum.update(bytes);
        return "\"" + Long.toHexString(sum.getValue()) + "-" + bytes.length + "\"";
    }
}
