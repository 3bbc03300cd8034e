package ai.molecule.platform.edge;

import ai.molecule.platform.access.Access;
import ai.molecule.platform.access.Caller;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.http.Headers;
import io.helidon.http.SetCookie;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Decides who is calling, and whether the route is for them. Closed by default: no credential, no answer.
public final class Gate {

    /// The session's cookie; a browser never shows it to scripts.
    static final String COOKIE = "molecule_session";

    private static final String BEARER = "Bearer ";
    private static final HeaderName FETCH_SITE = HeaderNames.create("Sec-Fetch-Site");

    private final Access access;

    public Gate(Access access) {
        this.access = access;
    }

    /// Who is calling, with the bearer it showed; nobody when it showed nothing.
    record Identity(@Nullable Caller caller, @Nullable String bearer) {}

    /// Looks at the credential of a request.
    ///
    /// @param reads true for a request that changes nothing
    /// @throws Refusal `invalid_token` when one is shown and no good; `forbidden` when another site uses a
    /// person's session
    Identity identify(Headers headers, boolean reads) {
        var bearer = bearer(headers);
        if (bearer != null) {
            return new Identity(access.identify(bearer), bearer);
        }
        if (headers.contains(HeaderNames.AUTHORIZATION)) {
            throw new Refusal(
                    Reason.INVALID_TOKEN, "Expected \"Authorization: Bearer <token>\", but found another scheme");
        }
        var cookie = cookie(headers);
        if (cookie.isPresent()) {
            if (!reads) {
                checkSameSite(headers);
            }
            return new Identity(access.identifySession(cookie.get()), null);
        }
        return new Identity(null, null);
    }

    /// What was shown as bearer, whatever it is worth; null when nothing was.
    static @Nullable String bearer(Headers headers) {
        var authorization = headers.first(HeaderNames.AUTHORIZATION).orElse("");
        return authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
                ? authorization.substring(BEARER.length()).strip()
                : null;
    }

    /// False once the credential of a request that goes on is not the operator's any more.
    boolean stillAdmin(Headers headers) {
        try {
            return identify(headers, true).caller() instanceof Caller.Admin;
        } catch (Refusal over) {
            return false;
        }
    }

    /// Refuses who may not use a route.
    void check(Route.Who who, Call call) {
        switch (who) {
            case OPEN -> {}
            case BEARER -> {
                if (call.bearer() == null) {
                    throw new Refusal(
                            Reason.UNAUTHENTICATED,
                            "Expected a join key or an identity token as bearer, but found none");
                }
            }
            case ANYONE -> call.caller();
            case ADMIN -> {
                call.caller();
                if (!call.admin()) {
                    throw new Refusal(Reason.FORBIDDEN, "Expected the operator's token, but found an agent's");
                }
            }
            case WORKSPACE -> {
                var own = call.caller() instanceof Caller.Agent(var workspace, var _) && workspace.equals(call.id());
                if (!call.admin() && !own) {
                    throw new Refusal(Reason.FORBIDDEN, "Expected the operator's token or the workspace's own");
                }
            }
        }
        checkHint(call);
    }

    /// A header may narrow who is calling, never claim it.
    private static void checkHint(Call call) {
        var hint = call.header(Call.WORKSPACE_HEADER);
        if (hint.isPresent()
                && call.identified() instanceof Caller.Agent(var workspace, var _)
                && !hint.get().equals(workspace.toString())) {
            throw new Refusal(
                    Reason.FORBIDDEN,
                    "Expected X-Workspace-ID to agree with the token, but it names another workspace");
        }
    }

    /// A browser sends the cookie along whatever page asks; only our own pages may.
    static void checkSameSite(Headers headers) {
        var site = headers.first(FETCH_SITE);
        if (site.isPresent()) {
            if (!site.get().equals("same-origin") && !site.get().equals("none")) {
                throw crossSite();
            }
            return;
        }
        var origin = headers.first(HeaderNames.ORIGIN);
        var host = headers.first(HeaderNames.HOST).orElse("");
        if (origin.isPresent() && !origin.get().replaceFirst("^https?://", "").equals(host)) {
            throw crossSite();
        }
    }

    static SetCookie sessionCookie(String session, boolean secure) {
        return SetCookie.builder(COOKIE, session)
                .path("/")
                .httpOnly(true)
                .secure(secure)
                .sameSite(SetCookie.SameSite.STRICT)
                .maxAge(session.isEmpty() ? Duration.ZERO : Duration.ofDays(30))
                .build();
    }

    static Optional<String> cookie(Headers headers) {
        for (var line : headers.all(HeaderNames.COOKIE, java.util.List::of)) {
            for (var pair : line.split(";", -1)) {
                var trimmed = pair.strip();
                if (trimmed.startsWith(COOKIE + "=") && trimmed.length() > COOKIE.length() + 1) {
                    return Optional.of(trimmed.substring(COOKIE.length() + 1));
                }
            }
        }
        return Optional.empty();
    }

    private static Refusal crossSite() {
        return new Refusal(
                Reason.FORBIDDEN, "Expected a request from the canvas itself, but it comes from another site");
    }
}
