package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.agent.RemoteAgent;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A platform that stands still for a while has heard nobody, and that is nobody's fault.
class StoppedTest {

    private static final String ADMIN_TOKEN = "the-operators-own-token";
    private static final Duration STOP = Duration.ofSeconds(20);

    @TempDir
    private Path directory;

    private final HttpClient http = HttpClient.newHttpClient();
    private URI platform = URI.create("http://127.0.0.1/");

    private JsonNode call(String method, String path, String bearer, String body) throws Exception {
        var request = HttpRequest.newBuilder(platform.resolve(path))
                .timeout(Duration.ofSeconds(10))
                .header("Authorization", "Bearer " + bearer)
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
        return Json.read(http.send(request, BodyHandlers.ofByteArray()).body());
    }

    @Test
    void nobodyIsDeclaredOfflineForAStopOfThePlatform() throws Exception {
        try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            platform = URI.create("http://127.0.0.1:" + socket.getLocalPort() + "/");
        }
        var process = PlatformProgram.in(
                        directory, Map.of("PORT", String.valueOf(platform.getPort()), "ADMIN_TOKEN", ADMIN_TOKEN))
                .redirectOutput(directory.resolve("log").toFile())
                .start();
        try {
            await().atMost(Duration.ofSeconds(60))
                    .ignoreExceptions()
                    .until(() -> call("GET", "/health", "none", "")
                            .path("status")
                            .asText()
                            .equals("ok"));
            var uplinked = call("POST", "/workspaces", ADMIN_TOKEN, "{\"name\":\"uplinked\",\"runtime\":\"external\"}");
            var beating = call("POST", "/workspaces", ADMIN_TOKEN, "{\"name\":\"beating\",\"runtime\":\"external\"}");
            var token = call(
                            "POST",
                            "/registry/register",
                            beating.path("connection").path("enrolment_token").asText(),
                            "{\"agent_card\":{},\"delivery_mode\":\"poll\"}")
                    .path("auth_token")
                    .asText();
            call(
                    "POST",
                    "/registry/heartbeat",
                    token,
                    "{\"workspace_id\":\"" + beating.path("id").asText() + "\"}");
            var agent = RemoteAgent.joining(platform)
                    .state(directory.resolve("agent"))
                    .enrolment(
                            uplinked.path("connection").path("enrolment_token").asText())
                    .inBackground()
                    .start(new ai.molecule.agent.echo.EchoEngine(name -> null));
            try (agent) {
                await().atMost(Duration.ofSeconds(20)).until(agent::connected);
                signal(process, "STOP");
                // Nothing can be asked of it meanwhile.
                await().pollDelay(STOP).atMost(STOP.plusSeconds(5)).until(() -> true);
                signal(process, "CONT");
                await().atMost(Duration.ofSeconds(30)).ignoreExceptions().until(agent::connected);
                await().during(Duration.ofSeconds(5))
                        .atMost(Duration.ofSeconds(20))
                        .until(() -> call("GET", "/workspaces", ADMIN_TOKEN, "").findValuesAsText("status").stream()
                                .allMatch("online"::equals));
                assertThat(call("GET", "/events?limit=500", ADMIN_TOKEN, "").toString())
                        .contains("WORKSPACE_ONLINE")
                        .doesNotContain("WORKSPACE_OFFLINE");
            }
        } finally {
            signal(process, "CONT");
            process.destroy();
            process.waitFor();
        }
    }

    private static void signal(Process process, String name) throws Exception {
        new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                .inheritIO()
                .start()
                .waitFor();
    }
}
