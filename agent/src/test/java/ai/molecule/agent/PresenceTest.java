package ai.molecule.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.agent.echo.EchoEngine;
import ai.molecule.agent.uplink.Addresses;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Registration;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PresenceTest {

    @TempDir
    private Path state;

    private HttpServer platform;
    private volatile String admitted = "";
    private volatile String replacement = "";
    private final List<String> shown = new CopyOnWriteArrayList<>();

    @BeforeEach
    void open() throws IOException {
        platform = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        platform.createContext("/registry/register", this::register);
        platform.start();
    }

    @AfterEach
    void close() {
        platform.stop(0);
    }

    private void register(HttpExchange exchange) throws IOException {
        try (exchange) {
            exchange.getRequestBody().readAllBytes();
            var bearer = exchange.getRequestHeaders().getFirst("Authorization").replaceFirst("Bearer ", "");
            shown.add(bearer);
            if (!replacement.isEmpty()) {
                Files.writeString(state.resolve(".auth_token"), replacement);
                replacement = "";
            }
            var good = bearer.equals(admitted);
            var body = Json.bytes(
                    good
                            ? Json.object()
                                    .put("epoch", 1)
                                    .put("auth_token", "its own")
                                    .put("platform_inbound_secret", "x")
                            : Json.object()
                                    .put("error", "Expected another token")
                                    .put("code", "invalid_token"));
            exchange.sendResponseHeaders(good ? 200 : 401, body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private AgentSettings settings(Map<String, String> more) {
        var environment = new java.util.HashMap<>(more);
        environment.put("WORKSPACE_ID", "00000000-0000-0000-0000-000000000001");
        environment.put(
                "PLATFORM_URL", "http://127.0.0.1:" + platform.getAddress().getPort());
        environment.put("WORKSPACE_CONFIG_PATH", state.toString());
        return AgentSettings.read(environment);
    }

    private CompletableFuture<Integer> started() throws IOException {
        var settings = settings(Map.of());
        var line = new PlatformLine(new Addresses(List.of(settings.platform())));
        var tasks = new Tasks(new EchoEngine(name -> null), line::consult);
        var presence = new Presence(settings.home(), line, tasks, Json::object);
        var ended = new CompletableFuture<Integer>();
        Thread.ofVirtual().start(() -> {
            try {
                ended.complete(presence.run(
                        new Registration(settings.workspace(), "http://127.0.0.1:1/", Json.object()),
                        letIn -> {},
                        Optional.empty()));
            } catch (InterruptedException stopped) {
                ended.completeExceptionally(stopped);
            }
        });
        return ended;
    }

    @Test
    void whoIsRefusedGoesAway() throws IOException {
        Files.writeString(state.resolve(".auth_token"), "no good");
        var ended = started();
        await().until(ended::isDone);
        assertThat(ended.join()).isEqualTo(Main.REFUSED);
        assertThat(shown).containsExactly("no good");
    }

    @Test
    void whoIsRefusedButHasAnotherCredentialByThenShowsThat() throws IOException {
        Files.writeString(state.resolve(".auth_token"), "of a platform that is gone");
        admitted = "good";
        replacement = "good";
        var running = started();
        await().until(() -> Files.readString(state.resolve(".auth_token")).equals("its own"));
        assertThat(shown).containsExactly("of a platform that is gone", "good");
        assertThat(running).isNotDone();
    }

    @Test
    void whoIsStartedAheadWaitsUntilItsOrderIsComplete() throws Exception {
        var settings = settings(Map.of("AWAIT_ORDER", "file"));
        assertThat(settings.ahead()).isTrue();
        var waited = CompletableFuture.runAsync(() -> {
            try {
                settings.awaitOrder();
            } catch (InterruptedException stopped) {
                throw new IllegalStateException(stopped);
            }
        });
        Files.writeString(state.resolve(".secrets.json"), "{\"A_KEY\":\"a value\"}");
        assertThat(waited).isNotDone();
        Files.createFile(state.resolve(".order"));
        await().until(waited::isDone);
        assertThat(settings.values()).containsEntry("A_KEY", "a value");
    }
}
