package ai.molecule.platform.backend.docker;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.molecule.platform.backend.BackendAwayException;
import ai.molecule.platform.backend.HostRules;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Engines that speak Docker's language, by what they say of themselves.
class OtherEnginesTest {

    /// As Podman 4.3.1 answers.
    private static final String PODMAN = """
            {"Platform":{"Name":"linux/amd64/debian-12"},"Components":[{"Name":"Podman Engine","Version":"4.3.1","Details":{"APIVersion":"4.3.1"}},
            {"Name":"Conmon","Version":"conmon version 2.1.6"}],"Version":"4.3.1","ApiVersion":"1.41","MinAPIVersion":"1.24"}
            """;

    private static final String DOCKER = """
            {"Components":[{"Name":"Engine","Version":"29.1.0"}],"Version":"29.1.0","ApiVersion":"1.52","MinAPIVersion":"1.44"}
            """;

    private HttpServer engine;
    private String version = DOCKER;
    private String info = "{}";

    @BeforeEach
    void open() throws IOException {
        engine = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        engine.createContext("/", exchange -> {
            try (exchange) {
                var path = exchange.getRequestURI().getPath();
                var body = (path.endsWith("/version") ? version : path.endsWith("/info") ? info : "{}")
                        .getBytes(StandardCharsets.UTF_8);
                exchange.getResponseHeaders().set("Content-Type", "application/json");
                exchange.sendResponseHeaders(200, body.length);
                exchange.getResponseBody().write(body);
            }
        });
        engine.start();
    }

    @AfterEach
    void close() {
        engine.stop(0);
    }

    private void connect() throws Exception {
        DockerBackend.open(new DockerSettings(
                        UUID.randomUUID(),
                        "tcp://127.0.0.1:" + engine.getAddress().getPort(),
                        Optional.empty(),
                        Subnets.parse("10.241.0.0/16"),
                        DockerSettings.Network.OWN,
                        true,
                        Registries.NONE,
                        "none",
                        HostRules.NOTHING))
                .close();
    }

    @Test
    void podmanIsRefusedByName() {
        version = PODMAN;
        assertThatThrownBy(this::connect)
                .isNotInstanceOf(BackendAwayException.class)
                .hasMessageContaining("Podman answers");
    }

    @Test
    void aRootlessEngineIsRefused() {
        info = "{\"SecurityOptions\":[\"name=seccomp,profile=default\",\"name=rootless\",\"name=cgroupns\"]}";
        assertThatThrownBy(this::connect)
                .isNotInstanceOf(BackendAwayException.class)
                .hasMessageContaining("this one is rootless");
    }

    @Test
    void anEngineElsewhereIsRefusedBecauseItsNetworksAreNotHere() {
        assertThatThrownBy(this::connect).hasMessageNotContaining("rootless").hasMessageNotContaining("Podman");
    }
}
