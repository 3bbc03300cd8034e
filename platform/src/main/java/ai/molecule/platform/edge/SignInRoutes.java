package ai.molecule.platform.edge;

import static ai.molecule.platform.edge.Route.Who.ADMIN;
import static ai.molecule.platform.edge.Route.Who.OPEN;

import ai.molecule.platform.access.Access;
import ai.molecule.platform.access.Caller;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.Wire;
import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/// How a person gets a session: by the printed link, or with the admin token. The session lives in a cookie that
/// scripts cannot read.
public final class SignInRoutes {

    private final Access access;
    private final Supplier<URI> platformUrl;

    public SignInRoutes(Access access, Supplier<URI> platformUrl) {
        this.access = access;
        this.platformUrl = platformUrl;
    }

    public List<Route> routes() {
        return List.of(
                new Route(Method.GET, "/signin", OPEN, this::followLink),
                new Route(Method.POST, "/signin-links", ADMIN, this::newLink),
                new Route(Method.GET, "/session", Route.Who.ANYONE, this::show),
                new Route(Method.POST, "/session", OPEN, this::signIn),
                new Route(Method.DELETE, "/session", OPEN, this::signOut));
    }

    /// A used or old link leads to the sign-in page, which says so.
    private Answer followLink(Call call) {
        try {
            var session = access.signIn(call.query("code").orElse("")).reveal();
            return redirect("/", session);
        } catch (Refusal usedOrOld) {
            return new Answer.Body(303, "text/plain", new byte[0], Map.of("Location", "/?signin=expired"));
        }
    }

    private Answer newLink(Call call) {
        call.jsonOrNothing();
        var link = platformUrl
                .get()
                .resolve("/signin?code=" + access.newSignInLink().reveal());
        return Answer.json(201, Json.object().put("url", link.toString()));
    }

    private Answer show(Call call) {
        return switch (call.caller()) {
            case Caller.Admin(boolean session) ->
                Answer.ok(Json.object().put("role", "admin").put("session", session));
            case Caller.Agent(var workspace, var _) ->
                Answer.ok(Json.object().put("role", "agent").put("workspace_id", workspace.toString()));
            case Caller.Enrolled(var workspace) ->
                Answer.ok(Json.object().put("role", "enrolment").put("workspace_id", workspace.toString()));
        };
    }

    private Answer signIn(Call call) {
        Gate.checkSameSite(call.request().headers());
        var caller = access.identify(Wire.of(call.json()).text("admin_token"));
        if (!(caller instanceof Caller.Admin)) {
            throw new Refusal(Reason.INVALID_TOKEN, "Expected the admin token, but found an agent's");
        }
        var cookie = Gate.sessionCookie(access.newSession().reveal(), secure());
        return new Answer.Body(
                201,
                "application/json",
                Json.bytes(Json.object().put("status", "signed_in")),
                Map.of(HeaderNames.SET_COOKIE.defaultCase(), cookie.text()));
    }

    private Answer signOut(Call call) {
        Gate.checkSameSite(call.request().headers());
        Gate.cookie(call.request().headers()).ifPresent(access::signOut);
        var cookie = Gate.sessionCookie("", secure());
        return new Answer.Body(
                200,
                "application/json",
                Json.bytes(Json.object().put("status", "signed_out")),
                Map.of(HeaderNames.SET_COOKIE.defaultCase(), cookie.text()));
    }

    private Answer redirect(String to, String session) {
        var cookie = Gate.sessionCookie(session, secure());
        return new Answer.Body(
                303,
                "text/plain",
                new byte[0],
                Map.of("Location", to, HeaderNames.SET_COOKIE.defaultCase(), cookie.text()));
    }

    private boolean secure() {
        return "https".equals(platformUrl.get().getScheme());
    }
}
