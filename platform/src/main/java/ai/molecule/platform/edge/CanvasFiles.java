package ai.molecule.platform.edge;

import ai.molecule.protocol.Json;
import ai.molecule.protocol.Problem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// The canvas as it was built into this jar. It holds no data; what it shows it asks for with the person's session.
final class CanvasFiles {

    private static final String ROOT = "/canvas/";
    private static final Map<String, String> TYPES = Map.of(
            "html", "text/html; charset=utf-8",
            "js", "text/javascript; charset=utf-8",
            "css", "text/css; charset=utf-8",
            "svg", "image/svg+xml",
            "png", "image/png",
            "woff2", "font/woff2",
            "json", "application/json");
    /// The page may load only what it came with, and talk only to where it came from.
    private static final String POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:;"
            + " connect-src 'self' ws: wss:; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";

    private final Map<String, Answer> files = new ConcurrentHashMap<>();

    /// The file at a path, `/` being the page itself.
    Optional<Answer> find(String path) {
        var name = path.equals("/") ? "index.html" : path.substring(1);
        if (!name.matches("[A-Za-z0-9_-]+([./][A-Za-z0-9_-]+)*")) {
            return Optional.empty();
        }
        var known = files.get(name);
        if (known != null) {
            return Optional.of(known);
        }
        var loaded = load(name);
        loaded.ifPresent(answer -> files.put(name, answer));
        return loaded;
    }

    private static Optional<Answer> load(String name) {
        try (var file = CanvasFiles.class.getResourceAsStream(ROOT + name)) {
            if (file == null) {
                return name.equals("index.html") ? Optional.of(notBuilt()) : Optional.empty();
            }
            var type = TYPES.getOrDefault(name.substring(name.lastIndexOf('.') + 1), "application/octet-stream");
            var cache = name.startsWith("assets/") ? "public, max-age=31536000, immutable" : "no-cache";
            return Optional.of(new Answer.Body(
                    200, type, file.readAllBytes(), Map.of("Cache-Control", cache, "Content-Security-Policy", POLICY)));
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    private static Answer notBuilt() {
        var problem =
                new Problem("This platform was built without its canvas; run ./molecule build", "canvas_not_built");
        return new Answer.Body(503, "application/json", Json.bytes(problem.toJson()), Map.of());
    }
}
