package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.fly.FlyEmulator;
import ai.molecule.platform.backend.flyio.TestFly;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A platform within Fly's private network, where machines have names: nothing of them is open to the world.
class FlyPrivateReachTest {

    private static final Duration PATIENCE = Duration.ofSeconds(40);

    @TempDir
    private Path directory;

    private final HttpClient client = HttpClient.newHttpClient();
    private URI platform = URI.create("http://localhost/");

    private JsonNode call(String method, String path, String body) throws Exception {
        var request = HttpRequest.newBuilder(platform.resolve(path))
                .header("Authorization", "Bearer " + TestHouse.ADMIN_TOKEN)
                .timeout(PATIENCE)
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
        return Json.read(
                client.send(request, HttpResponse.BodyHandlers.ofByteArray()).body());
    }

    @Test
    void machinesAreCalledByTheirNamesInThePrivateNetwork() throws Exception {
        var names = Files.writeString(directory.resolve("names"), "127.0.0.1 localhost\n");
        try (var fly = TestFly.running()) {
            var settings = new HashMap<>(fly.variables("flyio"));
            settings.remove("FLY_APP_URL");
            settings.put("FLY_REACH", "private");
            settings.put("PORT", "0");
            settings.put("ADMIN_TOKEN", TestHouse.ADMIN_TOKEN);
            // The names of Fly's private network, as its resolver would give them.
            settings.put(
                    "JAVA_TOOL_OPTIONS",
                    "-Djdk.net.hosts.file=" + names + " -Dsun.net.inetaddr.ttl=0 -Dsun.net.inetaddr.negative.ttl=0");
            var output = directory.resolve("output").toFile();
            var process = PlatformProgram.in(directory, settings)
                    .redirectOutput(output)
                    .start();
            try {
                await().atMost(PATIENCE)
                        .until(() -> Files.readString(output.toPath()).contains("signin?code="));
                var link = Pattern.compile("(http://\\S+/)signin\\?code=").matcher(Files.readString(output.toPath()));
                assertThat(link.find()).isTrue();
                platform = URI.create(link.group(1));
                answersByItsName(fly.emulator(), names);
            } finally {
                process.destroy();
                process.waitFor(20, TimeUnit.SECONDS);
                process.destroyForcibly();
                client.close();
            }
        }
    }

    private void answersByItsName(FlyEmulator fly, Path names) throws Exception {
        var id = call("POST", "workspaces", "{\"name\":\"within\"}").path("id").asText();
        await().atMost(PATIENCE)
                .until(() -> call("GET", "workspaces/" + id, "")
                        .path("status")
                        .asText()
                        .equals("online"));
        var name = fly.machines().getFirst().id() + ".vm.agents.internal";
        Files.writeString(names, "127.0.0.1 localhost\n" + fly.resolve(name).orElseThrow() + " " + name + "\n");
        var answer = call(
                "POST",
                "workspaces/" + id + "/a2a",
                "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"message/send\",\"params\":{\"message\":"
                        + "{\"role\":\"user\",\"parts\":[{\"kind\":\"text\",\"text\":\"by name\"}]}}}");
        assertThat(answer.toString()).contains("by name");
        assertThat(publicAnswer(fly)).as("what the app's public address says").isGreaterThanOrEqualTo(400);
    }

    /// What somebody outside is answered who names the machine to Fly's proxy.
    private int publicAnswer(FlyEmulator fly) throws IOException, InterruptedException {
        var request = HttpRequest.newBuilder(fly.publicUrl().resolve("/health"))
                .header("fly-force-instance-id", fly.machines().getFirst().id())
                .timeout(PATIENCE)
                .build();
        return client.send(request, HttpResponse.BodyHandlers.discarding()).statusCode();
    }
}
