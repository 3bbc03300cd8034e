package ai.molecule.fly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.protocol.Json;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Machines that really run: a small web server in each.
class RunningMachinesTest {

    private static final String MACHINES = Flaps.MACHINES;

    /// Answers every request with what it knows of itself.
    private static final String SERVER = """
            import http.server, os, json
            class H(http.server.BaseHTTPRequestHandler):
                def do_GET(self):
                    body = json.dumps({"env": dict(os.environ), "pid": os.getpid(), "path": self.path}).encode()
                    self.send_response(200); self.send_header("content-length", str(len(body))); self.end_headers(); self.wfile.write(body)
                def log_message(self, *a): pass
            print("listening", flush=True)
            http.server.ThreadingHTTPServer((os.environ["FLY_PRIVATE_IP"], 8000), H).serve_forever()
            """;

    @TempDir
    private Path directory;

    private FlyEmulator emulator;
    private Flaps fly;

    @BeforeEach
    void open() throws Exception {
        emulator = FlyEmulator.open(FlyEmulator.Options.quick()
                .running(new FlyEmulator.Program(List.of("python3", "/configs/server.py"), directory)));
        fly = new Flaps(emulator.url(), "FlyV1 fm2_deploy");
    }

    @AfterEach
    void close() {
        emulator.close();
    }

    private static String config(String more) {
        return ", \"files\": [{\"guest_path\": \"/configs/server.py\", \"raw_value\": \""
                + Base64.getEncoder().encodeToString(SERVER.getBytes(StandardCharsets.UTF_8)) + "\"}" + more
                + ", \"services\": [{\"protocol\": \"tcp\", \"internal_port\": 8000, \"autostop\": \"off\", \"autostart\": false}]"
                + ", \"checks\": {\"up\": {\"type\": \"http\", \"port\": 8000, \"path\": \"/\", \"interval\": \"100ms\"}}";
    }

    private String passing(String name, String config) throws Exception {
        var id = fly.started(name, config);
        await().atMost(Duration.ofSeconds(20)).until(() -> check(id).equals("passing"));
        return id;
    }

    private String check(String id) throws Exception {
        return fly.call("GET", MACHINES + "/" + id)
                .json()
                .path("checks")
                .path(0)
                .path("status")
                .asText();
    }

    private HttpResponse<String> ask(String id) throws Exception {
        return HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(emulator.publicUrl().resolve("/hello"))
                                .header("fly-force-instance-id", id)
                                .timeout(Duration.ofSeconds(5))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
    }

    @Test
    void aMachineIsAProcessWithItsOwnRootEnvironmentAndSecrets() throws Exception {
        fly.call(
                "POST", "/v1/apps/agents/secrets", "{\"values\": {\"MINE\": \"hidden\", \"OTHERS\": \"more hidden\"}}");
        var id = passing(
                "one",
                config("]") + ", \"env\": {\"A\": \"b\"}, \"processes\": [{\"ignore_app_secrets\": true,"
                        + " \"secrets\": [{\"env_var\": \"TOKEN\", \"name\": \"MINE\"}]}]");
        var seen = Json.read(ask(id).body());
        assertThat(seen.path("env").path("A").asText()).isEqualTo("b");
        assertThat(seen.path("env").path("TOKEN").asText()).isEqualTo("hidden");
        assertThat(seen.path("env").path("FLY_MACHINE_ID").asText()).isEqualTo(id);
        assertThat(seen.path("env").has("OTHERS")).isFalse();
        assertThat(seen.path("pid").asInt()).isLessThan(1000);
        assertThat(fly.call("GET", MACHINES + "/" + id).text()).doesNotContain("hidden");
        var done = fly.call(
                        "POST",
                        MACHINES + "/" + id + "/exec",
                        "{\"command\": [\"sh\", \"-c\", \"cat > /workspace/a; ls /workspace; touch /usr/bin/mine; exit 3\"], \"stdin\": \"text\"}")
                .json();
        assertThat(done.path("stdout").asText()).isEqualTo("a\n");
        assertThat(done.path("stderr").asText()).contains("Read-only");
        assertThat(done.path("exit_code").asInt()).isEqualTo(3);
        assertThat(Files.exists(Path.of("/workspace/a"))).isFalse();
        assertThat(fly.call("GET", "/api/v1/apps/agents/logs?instance=" + id).text())
                .contains("listening");
    }

    @Test
    void aRootIsNewAfterAStopAndTheSameAfterASuspension() throws Exception {
        var id = passing("one", config("]"));
        fly.call("POST", MACHINES + "/" + id + "/exec", "{\"cmd\": \"touch /workspace/here\"}");
        var look = "{\"cmd\": \"ls /workspace\"}";
        fly.call("POST", MACHINES + "/" + id + "/suspend");
        fly.reach(id, "suspended");
        assertThat(ask(id).statusCode()).isEqualTo(503);
        await().until(() -> fly.call("POST", MACHINES + "/" + id + "/start").status() == 200);
        fly.reach(id, "started");
        assertThat(ask(id).statusCode()).isEqualTo(200);
        assertThat(fly.call("POST", MACHINES + "/" + id + "/exec", look)
                        .json()
                        .path("stdout")
                        .asText())
                .isEqualTo("here\n");
        fly.call("POST", MACHINES + "/" + id + "/stop");
        fly.reach(id, "stopped");
        await().until(() -> fly.call("POST", MACHINES + "/" + id + "/start").status() == 200);
        fly.reach(id, "started");
        assertThat(fly.call("POST", MACHINES + "/" + id + "/exec", look)
                        .json()
                        .path("stdout")
                        .asText())
                .isEmpty();
    }

    @Test
    void aVolumeOutlivesItsMachine() throws Exception {
        var volume = fly.call("POST", "/v1/apps/agents/volumes", "{\"name\": \"data\", \"region\": \"ams\"}")
                .json()
                .path("id")
                .asText();
        var mounts = ", \"mounts\": [{\"volume\": \"" + volume + "\", \"path\": \"/workspace\"}]";
        var first = passing("one", config("]") + mounts);
        fly.call("POST", MACHINES + "/" + first + "/exec", "{\"cmd\": \"echo kept > /workspace/note\"}");
        fly.call("DELETE", MACHINES + "/" + first + "?force=true");
        await().until(() -> fly.call("GET", MACHINES + "/" + first).status() == 404);
        var second = passing("two", config("]") + mounts);
        assertThat(fly.call("POST", MACHINES + "/" + second + "/exec", "{\"cmd\": \"cat /workspace/note\"}")
                        .json()
                        .path("stdout")
                        .asText())
                .isEqualTo("kept\n");
    }

    @Test
    void requestsReachTheMachineTheyNameAndNoOther() throws Exception {
        var first = passing("one", config("]"));
        var second = passing("two", config("]"));
        assertThat(Json.read(ask(first).body())
                        .path("env")
                        .path("FLY_MACHINE_ID")
                        .asText())
                .isEqualTo(first);
        assertThat(Json.read(ask(second).body())
                        .path("env")
                        .path("FLY_MACHINE_ID")
                        .asText())
                .isEqualTo(second);
        fly.call("DELETE", MACHINES + "/" + first + "?force=true");
        await().until(() -> fly.call("GET", MACHINES + "/" + first).status() == 404);
        assertThat(ask(first).statusCode()).isEqualTo(503);
        assertThat(emulator.resolve(second + ".vm.agents.internal")).isPresent();
        assertThat(emulator.resolve(first + ".vm.agents.internal")).isEmpty();
        assertThat(URI.create(emulator.url() + "/").getHost()).isEqualTo("127.0.0.1");
    }

    @Test
    void aProcessThatEndsIsAnExitAndStartsAgain() throws Exception {
        var id = passing("one", config("]"));
        fly.call("POST", MACHINES + "/" + id + "/signal", "{\"signal\": \"SIGKILL\"}");
        await().atMost(Duration.ofSeconds(20))
                .until(() ->
                        fly.call("GET", MACHINES + "/" + id + "/events").text().contains("\"restarting\":true"));
        await().atMost(Duration.ofSeconds(20))
                .until(() -> fly.state(id).equals("started") && check(id).equals("passing"));
    }
}
