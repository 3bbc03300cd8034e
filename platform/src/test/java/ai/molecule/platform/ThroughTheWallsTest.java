package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ai.molecule.platform.backend.docker.TestEngine;
import java.net.URI;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What goes through a container's walls on purpose: a directory of the host, the operator's looks, a terminal.
class ThroughTheWallsTest {

    private static TestHouse house;
    private static TestEngine engine;

    @TempDir
    private static Path shared;

    @BeforeAll
    static void open() throws Exception {
        var settings = new HashMap<>(TestEngine.houseSettings());
        settings.put("WORKSPACE_ROOTS", shared.toString());
        house = TestHouse.open(settings);
        engine = TestEngine.of(house.platformId());
    }

    @AfterAll
    static void close() throws Exception {
        if (house != null) {
            house.close();
            engine.clear();
            engine.close();
        }
    }

    private static String online(String body) throws Exception {
        var id = house.create(body);
        house.awaitStatus(id, "online");
        return id;
    }

    @Test
    void aDirectoryOfTheHostIsSharedWhereTheOperatorAllowsIt() throws Exception {
        var work = Files.createDirectory(shared.resolve("work"));
        Files.setPosixFilePermissions(work, PosixFilePermissions.fromString("rwxrwxrwx"));
        var id = online("{\"name\":\"sharer\",\"workspace_dir\":\"" + work + "\"}");
        engine.run(engine.container(id), "sh", "-c", "echo shared > /workspace/note");
        assertThat(work.resolve("note")).hasContent("shared");
        assertThat(house.get("/workspaces/" + id).text("workspace_access")).isEqualTo("read_write");
        assertThat(house.get("/events/" + id).body().toString()).contains("\"workspace_dir\":\"" + work + "\"");
        for (var refused : List.of(
                "\"workspace_dir\":\"/etc\"", "\"workspace_dir\":\"" + work + "/note\"", "\"privileged\":true")) {
            var answer = house.post("/workspaces", "{\"name\":\"greedy\"," + refused + "}");
            assertThat(answer.status()).as(refused).isEqualTo(400);
            assertThat(answer.text("code")).as(refused).isEqualTo("host_access_not_allowed");
        }
        var below = Files.createDirectory(work.resolve("below"));
        assertThat(house.post("/workspaces", "{\"name\":\"nested\",\"workspace_dir\":\"" + below + "\"}")
                        .text("error"))
                .contains("directly in one of the directories of WORKSPACE_ROOTS");
        assertThat(house.admin("PATCH", "/workspaces/" + id, "{\"workspace_access\":\"read_only\"}")
                        .status())
                .isEqualTo(200);
        house.post("/workspaces/" + id + "/restart", "");
        await().until(() -> house.get("/workspaces/" + id).body().path("epoch").asInt() == 2);
        assertThat(engine.run(engine.container(id), "sh", "-c", "echo more >> /workspace/note"))
                .contains("Read-only file system");
        assertThat(house.admin("DELETE", "/workspaces/" + id, "").status()).isEqualTo(200);
        assertThat(work.resolve("note")).as("is not ours to remove").hasContent("shared");
    }

    @Test
    void theOperatorLooksInsideAndTheJournalTells() throws Exception {
        var id = online("{\"name\":\"glass\",\"secrets\":{\"A_KEY\":\"sesame-open-wide\"}}");
        var path = "/workspaces/" + id;
        // The platform knows of a registration before the agent writes of it.
        await().untilAsserted(() ->
                assertThat(house.get(path + "/logs?tail=50").body().toString()).contains("registered"));
        assertThat(house.admin("PUT", path + "/files/notes.txt", "{\"content\":\"remember\"}")
                        .status())
                .isEqualTo(200);
        assertThat(house.get(path + "/files/notes.txt").text("content")).isEqualTo("remember");
        assertThat(house.get(path + "/files").body().toString()).contains("notes.txt");
        for (var hidden : List.of(".secrets.json", ".auth_token")) {
            var refused = house.get(path + "/files/" + hidden + "?root=/configs");
            assertThat(refused.status()).as(hidden).isEqualTo(403);
        }
        for (var wrong : List.of("/files/a/../../etc/passwd", "/files/passwd?root=/etc", "/files?path=../..")) {
            assertThat(house.get(path + wrong).status()).as(wrong).isIn(400, 404);
        }
        assertThat(house.get(path + "/stats").body().path("memory_limit_bytes").asLong())
                .isEqualTo(512L << 20);
        var told = house.get("/events/" + id).body().toString();
        assertThat(told).contains("WORKSPACE_INSPECTED", "file_saved", "files_listed", "/workspace/notes.txt", "logs");
        assertThat(told).doesNotContain("remember").doesNotContain("sesame");
    }

    @Test
    void aTerminalIsForTheOperatorOnly() throws Exception {
        var id = online("{\"name\":\"typed\"}");
        var heard = new java.util.concurrent.CopyOnWriteArrayList<String>();
        var address = URI.create(
                house.url().toString().replaceFirst("http", "ws") + "workspaces/" + id + "/terminal?cols=90&rows=30");
        var listener = new WebSocket.Listener() {
            @Override
            public CompletionStage<?> onBinary(WebSocket socket, ByteBuffer data, boolean last) {
                heard.add(StandardCharsets.UTF_8.decode(data).toString());
                socket.request(1);
                return CompletableFuture.completedFuture(null);
            }
        };
        assertThatThrownBy(() -> house.client()
                        .newWebSocketBuilder()
                        .buildAsync(address, listener)
                        .join())
                .hasMessageContaining("WebSocketHandshakeException");
        var socket = house.client()
                .newWebSocketBuilder()
                .header("Authorization", "Bearer " + TestHouse.ADMIN_TOKEN)
                .buildAsync(address, listener)
                .join();
        socket.sendText("stty size\n", true).join();
        await().atMost(Duration.ofSeconds(10))
                .until(() -> String.join("", heard).contains("30 90"));
        socket.sendText("{\"type\":\"resize\",\"cols\":100,\"rows\":40}", true).join();
        socket.sendBinary(ByteBuffer.wrap("stty size\n".getBytes(StandardCharsets.UTF_8)), true)
                .join();
        await().atMost(Duration.ofSeconds(10))
                .until(() -> String.join("", heard).contains("40 100"));
        socket.sendClose(WebSocket.NORMAL_CLOSURE, "").join();
        await().atMost(Duration.ofSeconds(10))
                .until(() -> !engine.run(engine.container(id), "ps").contains("sh -l"));
        assertThat(house.get("/events/" + id).body().toString()).contains("\"what\":\"terminal\"");
    }
}
