package ai.molecule.fly;

import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/// The public address of every app: hands a request to the machine that it names, or to any that has a service.
///
/// Source: Fly's documentation of `fly-force-instance-id`. It speaks plain HTTP, and starts no machine.
final class PublicProxy {

    private static final String FORCE = "fly-force-instance-id";
    private static final int BODY_BYTES_MAX = 16 * 1024 * 1024;
    private static final Set<String> HOP_BY_HOP = Set.of(
            "connection",
            "content-length",
            "expect",
            "host",
            "http2-settings",
            "keep-alive",
            "transfer-encoding",
            "upgrade",
            FORCE);

    private final World world;
    private final HttpClient client = HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(Duration.ofSeconds(5))
            .executor(Executors.newVirtualThreadPerTaskExecutor())
            .build();

    PublicProxy(World world) {
        this.world = world;
    }

    private record Target(String address, int port) {}

    void serve(HttpExchange exchange) throws IOException {
        var named = exchange.getRequestHeaders().getFirst(FORCE);
        var target = world.asked(() -> target(named));
        if (target.isEmpty()) {
            refuse(exchange, 503, "no machine of this app takes the request");
            return;
        }
        try {
            pass(exchange, target.get());
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    private Optional<Target> target(@Nullable String named) {
        return world.apps.values().stream()
                .flatMap(app -> app.machines.values().stream())
                .filter(machine -> named == null || machine.id.equals(named))
                .filter(machine -> machine.state.equals("started") && !machine.cordoned)
                .filter(machine -> machine.config.path("services").size() > 0)
                .map(machine -> new Target(
                        machine.address,
                        machine.config
                                .path("services")
                                .path(0)
                                .path("internal_port")
                                .asInt()))
                .findFirst();
    }

    private void pass(HttpExchange exchange, Target target) throws IOException, InterruptedException {
        var body = exchange.getRequestBody().readNBytes(BODY_BYTES_MAX);
        var url = URI.create("http://" + target.address() + ":" + target.port()
                + exchange.getRequestURI().toString());
        var request = HttpRequest.newBuilder(url)
                .method(exchange.getRequestMethod(), HttpRequest.BodyPublishers.ofByteArray(body));
        exchange.getRequestHeaders().forEach((name, values) -> {
            if (!HOP_BY_HOP.contains(name.toLowerCase(Locale.ROOT))) {
                values.forEach(value -> request.header(name, value));
            }
        });
        HttpResponse<java.io.InputStream> answer;
        try {
            answer = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
        } catch (IOException refused) {
            refuse(exchange, 502, "the machine does not answer: " + refused);
            return;
        }
        for (var header : answer.headers().map().entrySet()) {
            if (!HOP_BY_HOP.contains(header.getKey().toLowerCase(Locale.ROOT))) {
                exchange.getResponseHeaders().put(header.getKey(), List.copyOf(header.getValue()));
            }
        }
        exchange.sendResponseHeaders(answer.statusCode(), 0);
        try (var in = answer.body();
                var out = exchange.getResponseBody()) {
            var buffer = new byte[8192];
            for (var read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                out.write(buffer, 0, read);
                out.flush();
            }
        }
    }

    private static void refuse(HttpExchange exchange, int status, String why) throws IOException {
        var text = (why + "\n").getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, text.length);
        exchange.getResponseBody().write(text);
    }

    void close() {
        client.shutdownNow();
    }
}
