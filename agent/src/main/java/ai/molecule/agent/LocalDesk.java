package ai.molecule.agent;

import ai.molecule.agent.uplink.Desk;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.JsonRpc;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Answers what comes over an uplink with this agent's own engine.
final class LocalDesk implements Desk {

    private static final Duration LOOK_PACE = Duration.ofSeconds(15);

    private final A2aEndpoint endpoint;

    LocalDesk(A2aEndpoint endpoint) {
        this.endpoint = endpoint;
    }

    @Override
    public void serve(Map<String, String> headers, JsonNode body, Reply reply) throws InterruptedException {
        var caller = new A2aEndpoint.Caller(
                version(headers), header(headers, "X-Workspace-ID"), header(headers, "traceparent"));
        switch (endpoint.answer(Json.bytes(body), caller)) {
            case A2aEndpoint.Outcome.Whole(var answer) -> reply.whole(200, answer);
            case A2aEndpoint.Outcome.Events events -> stream(events, reply);
        }
    }

    private static @Nullable String version(Map<String, String> headers) {
        var shown = header(headers, A2aVersion.HEADER);
        return shown.isEmpty() ? null : shown;
    }

    private static String header(Map<String, String> headers, String name) {
        var exact = headers.get(name);
        if (exact != null) {
            return exact;
        }
        return headers.entrySet().stream()
                .filter(one -> one.getKey().toLowerCase(Locale.ROOT).equals(name.toLowerCase(Locale.ROOT)))
                .map(Map.Entry::getValue)
                .findFirst()
                .orElse("");
    }

    private static void stream(A2aEndpoint.Outcome.Events events, Reply reply) throws InterruptedException {
        reply.begin();
        try (var follower = events.follower()) {
            while (!follower.ended()) {
                var event = follower.next(LOOK_PACE);
                if (event != null) {
                    reply.event(JsonRpc.result(events.id(), event.toJson(events.version())));
                    if (event.last()) {
                        break;
                    }
                }
            }
            reply.end();
        }
    }
}
