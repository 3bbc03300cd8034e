package ai.molecule.platform.edge;

import io.helidon.http.Method;

/// One route: what it matches, whom it lets in, what it does.
///
/// @param path in OpenAPI's form, such as `/workspaces/{id}`
public record Route(Method method, String path, Who who, Handler handler) {

    /// Whom a route lets in. There is no route without one.
    public enum Who {
        /// Everybody; only for what holds no data.
        OPEN,
        /// Whoever shows any good credential; the handler decides the rest.
        ANYONE,
        /// Whoever shows any bearer; the handler decides whether it is worth something.
        BEARER,
        /// The operator.
        ADMIN,
        /// The operator, or the agent of the workspace in the path.
        WORKSPACE
    }

    /// What a route does.
    @FunctionalInterface
    public interface Handler {
        Answer handle(Call call);
    }
}
