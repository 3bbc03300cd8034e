package ai.molecule.platform.edge;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import io.helidon.webserver.http.ServerResponse;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/// What goes back: a whole body, or something that writes itself.
public sealed interface Answer {

    /// A whole body with its type and further headers.
    record Body(int status, String contentType, byte[] bytes, Map<String, String> headers) implements Answer {}

    /// A body that is written while it comes into being.
    record Live(Writer writer) implements Answer {}

    /// Writes a response; whatever it throws means that the caller is gone.
    @FunctionalInterface
    interface Writer {
        void write(ServerResponse response);
    }

    static Answer ok(JsonNode body) {
        return json(200, body);
    }

    static Answer json(int status, JsonNode body) {
        return new Body(status, "application/json", Json.bytes(body), Map.of());
    }

    static Answer text(String contentType, String text) {
        return new Body(200, contentType, text.getBytes(StandardCharsets.UTF_8), Map.of());
    }
}
