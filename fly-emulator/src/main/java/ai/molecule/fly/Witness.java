package ai.molecule.fly;

import ai.molecule.protocol.Json;
import com.sun.net.httpserver.HttpExchange;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

/// Tells whoever listens of every call that was answered, so that both sides can be held against Fly's
/// description of them.
final class Witness {

    private final List<Consumer<Exchanged>> listeners = new CopyOnWriteArrayList<>();

    void listen(Consumer<Exchanged> listener) {
        listeners.add(listener);
    }

    void saw(HttpExchange exchange, byte[] body, Asked.Reply reply) {
        if (listeners.isEmpty()) {
            return;
        }
        var json = reply.json();
        var nonce = exchange.getRequestHeaders().getFirst("fly-machine-lease-nonce");
        var query = exchange.getRequestURI().getRawQuery();
        var exchanged = new Exchanged(
                exchange.getRequestMethod(),
                exchange.getRequestURI().getRawPath(),
                query == null ? "" : query,
                nonce == null ? "" : nonce,
                new String(body, StandardCharsets.UTF_8),
                reply.status(),
                json == null ? "" : Json.text(json));
        listeners.forEach(listener -> listener.accept(exchanged));
    }
}
