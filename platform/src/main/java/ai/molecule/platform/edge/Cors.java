package ai.molecule.platform.edge;

import io.helidon.http.HeaderNames;
import io.helidon.http.Method;
import io.helidon.http.Status;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import java.util.List;

/// Lets pages of the origins in `CORS_ORIGINS` call the API; by default there are none. Cookies are never shared with
/// them.
final class Cors implements Filter {

    private static final String METHODS = "GET, POST, PUT, PATCH, DELETE";
    private static final String HEADERS =
            "Authorization, Content-Type, X-Workspace-ID, Idempotency-Key, A2A-Version, A2A-Extensions";

    private final List<String> origins;

    Cors(List<String> origins) {
        this.origins = List.copyOf(origins);
    }

    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        var origin = request.headers().first(HeaderNames.ORIGIN);
        if (origin.isPresent() && origins.contains(origin.get())) {
            response.header(HeaderNames.ACCESS_CONTROL_ALLOW_ORIGIN, origin.get());
            response.header(HeaderNames.VARY, "Origin");
            if (request.prologue().method().equals(Method.OPTIONS)) {
                response.header(HeaderNames.ACCESS_CONTROL_ALLOW_METHODS, METHODS);
                response.header(HeaderNames.ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
                response.status(Status.NO_CONTENT_204).send();
                return;
            }
        }
        chain.proceed();
    }
}
