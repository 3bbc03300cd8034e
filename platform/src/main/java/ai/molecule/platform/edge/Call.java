package ai.molecule.platform.edge;

import ai.molecule.platform.access.Caller;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// A request that is being answered: who calls, and what was sent, read within limits.
///
/// @param tooSlow answers, from another thread, a caller whose body does not come
public record Call(
        ServerRequest request,
        @Nullable Caller identified,
        @Nullable String bearer,
        Limits limits,
        Runnable tooSlow) {

    static final HeaderName WORKSPACE_HEADER = HeaderNames.create("X-Workspace-ID");

    /// Who calls; on a route that is open to everybody there may be nobody.
    Caller caller() {
        if (identified == null) {
            throw new Refusal(Reason.UNAUTHENTICATED, "Expected a bearer token or a session, but found none");
        }
        return identified;
    }

    boolean admin() {
        return identified instanceof Caller.Admin;
    }

    /// The workspace in the path.
    ///
    /// @throws Refusal `workspace_not_found` when the path holds no id
    WorkspaceId id() {
        var text = request.path().pathParameters().get("id");
        return WorkspaceId.parse(text)
                .orElseThrow(() -> new Refusal(Reason.BAD_REQUEST, "Expected a workspace id (a UUID) in the path"));
    }

    Optional<String> query(String name) {
        return request.query().first(name).asOptional().map(Call::keepable);
    }

    /// A part of the path.
    String path(String name) {
        return keepable(request.path().pathParameters().get(name));
    }

    private static String keepable(String text) {
        if (text.indexOf('\0') >= 0) {
            throw new Refusal(Reason.BAD_REQUEST, "Expected an address without NUL");
        }
        return text;
    }

    Optional<String> header(HeaderName name) {
        return request.headers().first(name);
    }

    /// The body as JSON.
    ///
    /// @throws Refusal when there is none, it is too large, too slow, or not JSON
    JsonNode json() {
        return jsonUpTo(limits.bodyBytes());
    }

    /// The body as JSON of at most so many bytes.
    JsonNode jsonUpTo(int max) {
        try {
            return Json.readKeepable(bytes(max));
        } catch (Json.MalformedException bad) {
            throw new Refusal(Reason.BAD_REQUEST, String.valueOf(bad.getMessage()));
        }
    }

    /// The body as JSON, or an empty object where there is no body.
    JsonNode jsonOrNothing() {
        var length = request.headers().contentLength();
        var chunked = request.headers().contains(HeaderNames.TRANSFER_ENCODING);
        return !chunked && length.orElse(0) == 0 ? Json.object() : json();
    }

    /// The body's bytes, at most so many.
    byte[] bytes(int max) {
        return BodyReader.read(request, max, limits.bodyPatience(), tooSlow);
    }
}
