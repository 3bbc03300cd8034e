package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.protocol.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The platform as a process of its own: started, doubled, interrupted, killed.
class PlatformProcessTest {

    private static final Duration PATIENCE = Duration.ofSeconds(40);

    @TempDir
    private Path directory;

    private final List<Process> started = new ArrayList<>();
    private final HttpClient client = HttpClient.newHttpClient();

    @AfterEach
    void endAll() throws InterruptedException {
        for (var process : started) {
            process.destroy();
            process.waitFor(10, TimeUnit.SECONDS);
            process.destroyForcibly();
        }
        client.close();
    }

    private Process start(Map<String, String> more) throws IOException {
        var settings = new HashMap<>(Map.of("PORT", "0"));
        settings.putAll(more);
        // A session of its own, as in a terminal of its own: its process id is its group's too.
        var process = PlatformProgram.in(directory, settings, "setsid")
                .redirectOutput(directory.resolve("out." + started.size()).toFile())
                .start();
        started.add(process);
        return process;
    }

    private String output(int number) {
        try {
            return Files.readString(directory.resolve("out." + number));
        } catch (IOException notYet) {
            return "";
        }
    }

    private URI awaitUp(int number) {
        await().atMost(PATIENCE).until(() -> output(number).contains("Stop "));
        var link = Pattern.compile("(http://\\S+/)signin\\?code=").matcher(output(number));
        assertThat(link.find()).isTrue();
        return URI.create(link.group(1));
    }

    private com.fasterxml.jackson.databind.JsonNode call(URI base, String method, String path, String body)
            throws Exception {
        var token = Files.readString(directory.resolve("data/admin-token"));
        var request = HttpRequest.newBuilder(base.resolve(path))
                .header("Authorization", "Bearer " + token)
                .method(method, HttpRequest.BodyPublishers.ofString(body))
                .build();
        return Json.read(
                client.send(request, HttpResponse.BodyHandlers.ofByteArray()).body());
    }

    /// Creates a workspace and waits until its agent is there.
    private String online(URI base, String name) throws Exception {
        var id = call(base, "POST", "workspaces", "{\"name\":\"" + name + "\"}")
                .path("id")
                .asText();
        awaitOnline(base, id);
        return id;
    }

    private void awaitOnline(URI base, String id) {
        await().atMost(PATIENCE)
                .until(() -> call(base, "GET", "workspaces/" + id, "")
                        .path("status")
                        .asText()
                        .equals("online"));
    }

    private List<ProcessHandle> belowTheDataDirectory() {
        return ProcessHandle.allProcesses()
                .filter(process -> read("/proc/" + process.pid() + "/cmdline").contains(directory.toString())
                        || read("/proc/" + process.pid() + "/environ").contains(directory + "/data/workspaces"))
                .filter(process -> process.pid() != ProcessHandle.current().pid())
                .filter(ProcessHandle::isAlive)
                .toList();
    }

    private static String read(String path) {
        try {
            return Files.readString(Path.of(path), StandardCharsets.ISO_8859_1);
        } catch (IOException gone) {
            return "";
        }
    }

    @Test
    void afterAKillTheNextStartRecoversByItself() throws Exception {
        var first = start(Map.of());
        var base = awaitUp(0);
        var id = online(base, "survivor");
        first.destroyForcibly().waitFor();

        start(Map.of());
        var again = awaitUp(1);
        await().atMost(PATIENCE)
                .until(() ->
                        call(again, "GET", "workspaces/" + id, "").path("epoch").asLong() == 2);
        assertThat(call(again, "GET", "workspaces/" + id, "").path("status").asText())
                .isEqualTo("online");
        var agents = belowTheDataDirectory().stream()
                .filter(process -> read("/proc/" + process.pid() + "/environ").contains("WORKSPACE_ID=" + id))
                .count();
        assertThat(agents).as("agents of the workspace").isEqualTo(1);
    }

    @Test
    void anInterruptStopsEverythingItStarted() throws Exception {
        var first = start(Map.of());
        var base = awaitUp(0);
        online(base, "short");
        assertThat(belowTheDataDirectory()).isNotEmpty();
        new ProcessBuilder("kill", "-INT", String.valueOf(first.pid())).start().waitFor();
        assertThat(first.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        await().atMost(PATIENCE).until(() -> belowTheDataDirectory().isEmpty());
    }

    @Test
    void aTerminalsInterruptIsNotTakenForACrashOfTheAgents() throws Exception {
        var first = start(Map.of());
        var base = awaitUp(0);
        var id = online(base, "calm");
        new ProcessBuilder("kill", "-INT", "--", "-" + first.pid()).start().waitFor();
        assertThat(first.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();

        start(Map.of());
        var again = awaitUp(1);
        awaitOnline(again, id);
        var reasons = call(again, "GET", "events/" + id, "").findValuesAsText("reason");
        assertThat(reasons).containsExactly("ended with the platform");
    }

    @Test
    void aSecondOneOnTheSameDirectoryRefusesAndNamesTheFirst() throws Exception {
        var first = start(Map.of());
        var base = awaitUp(0);
        var second = start(Map.of());
        assertThat(second.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(second.exitValue()).isEqualTo(73);
        assertThat(output(1)).contains("process " + first.pid()).contains(base.toString());
        assertThat(call(base, "GET", "health", "").path("status").asText()).isEqualTo("ok");
    }

    @Test
    void itSaysWhatANewcomerNeedsInTenLinesAndKeepsItsSecretsToItself() throws Exception {
        start(Map.of());
        awaitUp(0);
        assertThat(output(0).lines().count()).isLessThanOrEqualTo(10);
        assertThat(output(0)).contains("admin-token").contains("Backend").contains("./molecule demo");
        assertThat(output(0)).doesNotContain(Files.readString(directory.resolve("data/admin-token")));
        for (var secret : List.of("admin-token", "encryption-key", "postgres/password")) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(
                            directory.resolve("data").resolve(secret))))
                    .isEqualTo("rw-------");
        }
    }

    @Test
    void badSettingsStopTheStartWithEveryFault() throws Exception {
        var refused = start(Map.of("PORT", "x", "RATE_LIMIT", "many", "MOLECULE_HOST", "y"));
        assertThat(refused.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(refused.exitValue()).isEqualTo(64);
        assertThat(output(0))
                .contains("PORT: expected")
                .contains("RATE_LIMIT: expected")
                .contains("MOLECULE_HOST: not a setting; did you mean HOST?")
                .doesNotContain("\tat ");
    }

    @Test
    void aPortThatIsTakenIsNamed() throws Exception {
        start(Map.of());
        var port = awaitUp(0).getPort();
        var second = start(Map.of(
                "PORT",
                String.valueOf(port),
                "DATA_DIR",
                directory.resolve("other").toString()));
        assertThat(second.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)).isTrue();
        assertThat(second.exitValue()).isEqualTo(69);
        assertThat(output(1))
                .contains("cannot start")
                .contains("the port is in use")
                .doesNotContain("\tat ");
        await().atMost(PATIENCE)
                .until(() -> belowTheDataDirectory().stream()
                        .noneMatch(process ->
                                read("/proc/" + process.pid() + "/cmdline").contains("/other/")));
    }
}
