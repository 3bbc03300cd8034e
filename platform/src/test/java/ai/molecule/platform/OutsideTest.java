package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// How the platform gets to what lies outside: through a proxy, by certificates of one's own, and never where a
/// redirect
/// points.
class OutsideTest {

    private static final String DONE =
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"role\":\"agent\",\"kind\":\"message\",\"messageId\":\"m\",\"parts\":[{\"kind\":\"text\",\"text\":\"here\"}]}}";

    @TempDir
    private Path directory;

    private static String external(TestHouse house, String url) throws Exception {
        var id = house.create("{\"name\":\"outside\",\"runtime\":\"external\"}");
        var registered = house.post(
                "/registry/register",
                "{\"id\":\"" + id + "\",\"url\":\"" + url + "\",\"agent_card\":{\"name\":\"x\"}}");
        assertThat(registered.status()).as(registered.body().toString()).isEqualTo(200);
        return id;
    }

    @Test
    void aRedirectIsNotFollowed() throws Exception {
        try (var target = new ScriptedAgent(turn -> {});
                var house = TestHouse.open()) {
            var server = com.sun.net.httpserver.HttpServer.create(
                    new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
            server.createContext("/", exchange -> {
                exchange.getResponseHeaders().set("Location", "http://127.0.0.1:" + target.port() + "/");
                exchange.sendResponseHeaders(307, -1);
                exchange.close();
            });
            server.start();
            try {
                var id = external(
                        house, "http://127.0.0.1:" + server.getAddress().getPort() + "/");
                var answer = house.say(id, TestHouse.ADMIN_TOKEN, "hello").body();
                assertThat(answer.toString()).contains("307");
                assertThat(target.calls("message/send")).isZero();
            } finally {
                server.stop(0);
            }
        }
    }

    @Test
    void agentsOutsideAreCalledThroughTheProxyAndThoseNearbyAreNot() throws Exception {
        var asked = new AtomicReference<>("");
        var proxy =
                com.sun.net.httpserver.HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        proxy.createContext("/", exchange -> {
            asked.set(String.valueOf(exchange.getRequestURI()));
            var bytes = DONE.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        proxy.start();
        try (var house = TestHouse.open(
                Map.of("HTTP_PROXY", "http://127.0.0.1:" + proxy.getAddress().getPort(), "ALLOW_HTTP_AGENTS", "on"))) {
            // A name that only the proxy knows.
            var id = external(house, "http://agent.example.invalid/a2a");
            assertThat(house.say(id, TestHouse.ADMIN_TOKEN, "hello").body().toString())
                    .contains("here");
            assertThat(asked).hasValue("http://agent.example.invalid/a2a");
            asked.set("");
            var ours = house.online("nearby");
            assertThat(TestHouse.texts(house.say(ours, TestHouse.ADMIN_TOKEN, "hello")))
                    .containsExactly("hello");
            assertThat(asked).hasValue("");
        } finally {
            proxy.stop(0);
        }
    }

    @Test
    void certificatesOfOnesOwnAreASetting() throws Exception {
        var server = https();
        var url = "https://localhost:" + server.getAddress().getPort() + "/";
        try {
            try (var house = TestHouse.open(
                    Map.of("SSL_CERT_FILE", directory.resolve("ca.pem").toString()))) {
                var id = external(house, url);
                assertThat(house.say(id, TestHouse.ADMIN_TOKEN, "hello").body().toString())
                        .contains("here");
            }
            try (var house = TestHouse.open(Map.of("MESSAGE_ATTEMPTS_MAX", "1"))) {
                var task =
                        house.drop(external(house, url), "hello", "").path("id").asText();
                org.awaitility.Awaitility.await()
                        .untilAsserted(() -> assertThat(
                                        house.get("/tasks/" + task).body().toString())
                                .contains("certificate"));
            }
        } finally {
            server.stop(0);
        }
    }

    private HttpsServer https() throws Exception {
        var store = directory.resolve("server.p12");
        keytool(
                "-genkeypair",
                "-alias",
                "server",
                "-keyalg",
                "EC",
                "-dname",
                "CN=localhost",
                "-ext",
                "SAN=dns:localhost",
                "-ext",
                "bc:c",
                "-validity",
                "2",
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                "password");
        keytool(
                "-exportcert",
                "-rfc",
                "-alias",
                "server",
                "-keystore",
                store.toString(),
                "-storepass",
                "password",
                "-file",
                directory.resolve("ca.pem").toString());
        var keys = KeyStore.getInstance(store.toFile(), "password".toCharArray());
        var managers = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        managers.init(keys, "password".toCharArray());
        var context = SSLContext.getInstance("TLS");
        context.init(managers.getKeyManagers(), null, null);
        var server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context));
        server.createContext("/", exchange -> {
            var bytes = DONE.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("Content-Type", "application/json");
            exchange.sendResponseHeaders(200, bytes.length);
            exchange.getResponseBody().write(bytes);
            exchange.close();
        });
        server.start();
        return server;
    }

    private static void keytool(String... words) throws IOException, InterruptedException {
        var command = new java.util.ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString()));
        command.addAll(List.of(words));
        var log = Files.createTempFile("keytool", ".log");
        var process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).as(Files.readString(log)).isZero();
    }
}
