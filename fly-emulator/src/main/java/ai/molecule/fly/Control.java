package ai.molecule.fly;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.time.Duration;

/// What Fly has not: routes below `/_emulator` with which things go wrong on purpose. Whoever reaches the
/// emulator may use them.
///
/// ```text
///   GET    /_emulator/calls                      how often each operation was called, RATE_LIMITED included
///   POST   /_emulator/faults
/// {"operation","status","body","times","machine","delay_ms","cut","after"}
///   DELETE /_emulator/faults                     nothing goes wrong any more
///   POST   /_emulator/machines/{id}/crash        {"exit_code","oom"}
///   POST   /_emulator/machines/{id}/host         {"status": "ok" | "unknown" | "unreachable"}
///   POST   /_emulator/machines/{id}/full         its host starts it no more
///   POST   /_emulator/machines/{id}/snapshot     its snapshot is lost: the next resume is a cold boot
///   POST   /_emulator/regions/{code}             {"room": n}
///   GET    /_emulator/resolve/{name}             the address of <id>.vm.<app>.internal
/// ```
final class Control {

    static final String PATH = "/_emulator/";
    private static final int BODY_BYTES_MAX = 1 << 20;

    private final FlyEmulator emulator;
    private final World world;

    Control(FlyEmulator emulator, World world) {
        this.emulator = emulator;
        this.world = world;
    }

    void serve(HttpExchange exchange) throws IOException {
        var words = exchange.getRequestURI().getPath().substring(PATH.length()).split("/", -1);
        try {
            var body = exchange.getRequestBody().readNBytes(BODY_BYTES_MAX);
            var answer = answer(exchange.getRequestMethod(), words, body.length == 0 ? Json.object() : Json.read(body));
            send(exchange, 200, answer);
        } catch (Refusal refused) {
            send(exchange, refused.status(), refused.body());
        } catch (Json.MalformedException bad) {
            send(exchange, 400, Json.object().put("error", bad.getMessage()));
        }
    }

    private JsonNode answer(String method, String[] words, JsonNode body) {
        var done = Json.object().put("ok", true);
        switch (method + " " + words[0] + " " + words.length) {
            case "GET calls 1" -> {
                var counts = Json.object();
                emulator.calls().all().forEach((operation, count) -> counts.put(operation.name(), count));
                return counts.put("RATE_LIMITED", emulator.calls().limited());
            }
            case "GET resolve 2" -> {
                return done.put(
                        "address",
                        emulator.resolve(words[1])
                                .orElseThrow(() -> new Refusal(404, "not_found: no started machine")));
            }
            case "POST faults 1" -> world.faults().add(fault(body));
            case "DELETE faults 1" -> world.faults().clear();
            case "POST regions 2" ->
                world.faults().room(words[1], body.path("room").asInt(0));
            case "POST machines 3" -> disturb(words[1], words[2], body);
            default -> throw new Refusal(404, "not_found: the emulator has no such control");
        }
        return done;
    }

    private void disturb(String id, String what, JsonNode body) {
        if (emulator.machines().stream().noneMatch(machine -> machine.id().equals(id))) {
            throw Refusal.noMachine();
        }
        switch (what) {
            case "crash" ->
                emulator.crash(
                        id, body.path("exit_code").asInt(1), body.path("oom").asBoolean());
            case "host" -> emulator.host(id, body.path("status").asText("unreachable"));
            case "full" -> world.faults().fillHost(id);
            case "snapshot" -> world.faults().loseSnapshot(id);
            default -> throw new Refusal(404, "not_found: the emulator has no such control");
        }
    }

    private static Fault fault(JsonNode body) {
        var operation = Operation.named(body.path("operation").asText())
                .orElseThrow(() -> Refusal.invalid("operation: expected a name like CREATE_MACHINE"));
        return new Fault(
                operation,
                body.path("machine").asText(""),
                body.path("times").asInt(1),
                body.path("status").asInt(0),
                body.path("body").isTextual() ? body.path("body").asText() : Json.text(body.path("body")),
                Duration.ofMillis(body.path("delay_ms").asLong(0)),
                body.path("cut").asBoolean(),
                body.path("after").asBoolean());
    }

    private static void send(HttpExchange exchange, int status, JsonNode body) throws IOException {
        var bytes = Json.bytes(body);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }
}
