package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.ADMIN;
import static ai.molecule.platform.edge.Route.Who.ANYONE;
import static ai.molecule.platform.edge.Route.Who.OPEN;

import ai.molecule.platform.access.Access;
import ai.molecule.platform.access.Caller;
import ai.molecule.platform.access.Keys;
import ai.molecule.platform.uplink.Polls;
import ai.molecule.platform.uplink.Uplink;
import ai.molecule.platform.uplink.Uplinks;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.UplinkFrame;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Uplinks over plain HTTP: an agent's polls, and what is known of an uplink.
public final class UplinkRoutes {

    private static final int BOOT_LENGTH_MAX = 64;
    private static final Set<String> HOP_BY_HOP = Set.of(
            "authorization",
            "host",
            "connection",
            "content-length",
            "content-type",
            "transfer-encoding",
            "accept",
            "user-agent",
            "upgrade",
            "http2-settings");

    private final Uplinks uplinks;
    private final Polls polls;
    private final Keys keys;
    private final Access access;

    public UplinkRoutes(Uplinks uplinks, Polls polls, Keys keys, Access access) {
        this.keys = keys;
        this.uplinks = uplinks;
        this.polls = polls;
        this.access = access;
    }

    public List<Route> routes() {
        return List.of(
                new Route(Method.POST, "/uplink/poll", ANYONE, this::poll),
                new Route(Method.POST, "/uplinks/{id}", OPEN, this::relay),
                new Route(Method.GET, "/workspaces/{id}/uplink", ADMIN, this::show));
    }

    private Answer poll(Call call) {
        try {
            var body = Json.readKeepable(call.bytes(UplinkFrame.LENGTH_MAX));
            var identity = identity(
                    access,
                    new Gate.Identity(call.caller(), call.bearer()),
                    body.path("epoch").asText(""),
                    body.path("boot").asText(""));
            return Answer.ok(
                    polls.exchange(identity.from(call.request().remotePeer().host()), body));
        } catch (Json.MalformedException bad) {
            throw new Refusal(Reason.BAD_REQUEST, String.valueOf(bad.getMessage()));
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new Refusal(Reason.UNAVAILABLE, "Expected a platform that goes on, but it is stopping");
        }
    }

    private Answer show(Call call) {
        var known = uplinks.known(call.id())
                .orElseThrow(() -> new Refusal(Reason.NOT_FOUND, "Expected an uplink, but there was none yet"));
        return Answer.ok(Json.object()
                .put("open", known.open())
                .put("kind", known.kind())
                .put("peer", known.peer())
                .put("opened_at", known.openedAt().toString())
                .put("why", known.why()));
    }

    /// For another process of the platform over the same database, which shows the secret that agents are shown.
    private Answer relay(Call call) {
        var shown = call.header(HeaderNames.AUTHORIZATION).orElse("").getBytes(StandardCharsets.UTF_8);
        var expected = "Bearer " + keys.relaySecret(call.id());
        if (!MessageDigest.isEqual(shown, expected.getBytes(StandardCharsets.UTF_8))) {
            throw new Refusal(Reason.INVALID_TOKEN, "Expected the secret of another process of this platform");
        }
        var uplink = uplinks.find(call.id())
                .orElseThrow(() -> new Refusal(Reason.UNAVAILABLE, "Expected an uplink here, but there is none"));
        try {
            var body = Json.readKeepable(call.bytes(UplinkFrame.LENGTH_MAX));
            if (!(body instanceof ObjectNode request)) {
                throw new Refusal(Reason.BAD_REQUEST, "Expected a JSON-RPC request");
            }
            return new Answer.Live(UplinkRelay.call(uplink, headers(call), request));
        } catch (Json.MalformedException bad) {
            throw new Refusal(Reason.BAD_REQUEST, String.valueOf(bad.getMessage()));
        }
    }

    private static Map<String, String> headers(Call call) {
        var headers = new HashMap<String, String>();
        call.request().headers().forEach(header -> {
            if (!HOP_BY_HOP.contains(header.headerName().lowerCase())) {
                headers.put(header.name(), header.get());
            }
        });
        return headers;
    }

    /// Who opens an uplink.
    ///
    /// @param epoch which life of the agent it says it is; empty for whichever the token is for
    /// @param boot the name that its process gave itself
    /// @throws Refusal `superseded` when a newer life took its place
    static Uplink.Identity identity(Access access, Gate.Identity shown, String epoch, String boot) {
        var bearer = shown.bearer();
        if (bearer == null || !(shown.caller() instanceof Caller.Agent known)) {
            throw new Refusal(
                    shown.caller() == null ? Reason.UNAUTHENTICATED : Reason.FORBIDDEN,
                    "Expected an agent's token; register first");
        }
        if (!epoch.matches("[0-9]{0,18}") || boot.length() > BOOT_LENGTH_MAX) {
            throw new Refusal(
                    Reason.INVALID_FIELD,
                    "Expected \"epoch\" to be a number, and \"boot\" to have at most " + BOOT_LENGTH_MAX
                            + " characters");
        }
        var claimed = epoch.isEmpty() ? known.epoch() : Long.parseLong(epoch);
        if (claimed > known.epoch()) {
            // What is remembered may be older than what the agent was told.
            access.forget(known.workspace());
            if (access.identify(bearer) instanceof Caller.Agent now) {
                known = now;
            }
        }
        if (claimed != known.epoch()) {
            throw new Refusal(
                    Reason.SUPERSEDED,
                    "Expected epoch " + known.epoch() + ", but found " + claimed + "; a newer agent took its place");
        }
        return new Uplink.Identity(known.workspace(), known.epoch(), boot, "", bearer);
    }
}
