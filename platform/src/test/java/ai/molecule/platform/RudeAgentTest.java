package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Agents that do on their uplink what none of ours does: they take no leave, read nothing, send more than was asked
/// for.
class RudeAgentTest {

    private TestHouse house;
    private String id = "";
    private String token = "";

    @BeforeEach
    void open() throws Exception {
        house = TestHouse.open();
        var made = house.post("/workspaces", "{\"name\":\"rude\",\"runtime\":\"external\"}")
                .body();
        id = made.path("id").asText();
        token = house.call(
                        "POST",
                        "/registry/register",
                        made.path("connection").path("enrolment_token").asText(),
                        "{\"agent_card\":{\"capabilities\":{\"streaming\":true}},\"delivery_mode\":\"uplink\"}",
                        Map.of())
                .text("auth_token");
    }

    @AfterEach
    void close() {
        house.close();
    }

    /// A WebSocket spoken by hand, which answers nothing by itself.
    private final class Rude implements AutoCloseable {

        private final Socket socket = new Socket(InetAddress.getLoopbackAddress(), house.port());
        private final DataInputStream in = new DataInputStream(socket.getInputStream());

        Rude() throws IOException {
            socket.setSoTimeout(20_000);
            socket.getOutputStream()
                    .write(
                            ("GET /uplink?epoch=1&boot=rude HTTP/1.1\r\nHost: here\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                                            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nAuthorization: Bearer "
                                            + token + "\r\n\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));
            var head = new StringBuilder();
            while (!head.toString().endsWith("\r\n\r\n")) {
                head.append((char) in.readByte());
            }
            assertThat(head.toString()).startsWith("HTTP/1.1 101");
        }

        /// The next frame of text; a missing node for the frame that closes.
        JsonNode read() throws Exception {
            while (true) {
                var opcode = in.readUnsignedByte() & 0x0f;
                long length = in.readUnsignedByte() & 0x7f;
                if (length == 126) {
                    length = in.readUnsignedShort();
                } else if (length == 127) {
                    length = in.readLong();
                }
                var payload = in.readNBytes((int) length);
                if (opcode == 8) {
                    return Json.nothing();
                }
                if (opcode == 1) {
                    return Json.read(payload);
                }
            }
        }

        void send(String text) throws IOException {
            var payload = text.getBytes(StandardCharsets.UTF_8);
            var frame = new ByteArrayOutputStream();
            frame.write(0x81);
            frame.write(0x80 | 126);
            frame.write(payload.length >> 8);
            frame.write(payload.length);
            // Masked with zeros.
            frame.write(new byte[4]);
            frame.write(payload);
            socket.getOutputStream().write(frame.toByteArray());
        }

        /// Reads until the other end is gone, without ever agreeing to it.
        void awaitEnd() throws IOException {
            try {
                while (in.read() >= 0) {
                    // Whatever it says.
                }
            } catch (java.net.SocketException reset) {
                assertThat(reset).hasMessageContaining("reset");
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }

    private boolean open(String workspace) throws Exception {
        return house.get("/workspaces/" + workspace + "/uplink")
                .body()
                .path("open")
                .asBoolean();
    }

    @Test
    void whoseTokenEndedIsCutOffWhetherItAgreesOrNot() throws Exception {
        try (var agent = new Rude()) {
            await().until(() -> open(id));
            var known = house.get("/workspaces/" + id + "/tokens")
                    .body()
                    .path("tokens")
                    .path(0);
            var began = System.nanoTime();
            house.admin(
                    "DELETE",
                    "/workspaces/" + id + "/tokens/" + known.path("id").asText(),
                    "");
            agent.awaitEnd();
            assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(3));
            assertThat(open(id)).isFalse();
        }
    }

    @Test
    void whoSendsMoreThanWasAskedForIsCutOff() throws Exception {
        try (var agent = new Rude()) {
            await().until(() -> open(id));
            var task = house.drop(id, "say something", "").path("id").asText();
            var call = agent.read();
            while (!call.path("type").asText().equals("call")) {
                call = agent.read();
            }
            var event = "{\"type\":\"event\",\"id\":" + call.path("id")
                    + ",\"body\":{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"kind\":\"status-update\",\"taskId\":\"t\",\"contextId\":\"c\","
                    + "\"status\":{\"state\":\"working\"},\"final\":false}}}";
            try {
                for (var sent = 0; sent < 100_000; sent++) {
                    agent.send(event);
                }
            } catch (IOException cut) {
                // As it should be.
            }
            await().atMost(Duration.ofSeconds(10)).until(() -> !open(id));
            assertThat(house.get("/workspaces/" + id + "/uplink").text("why"))
                    .contains("more events than it was asked for");
            assertThat(house.get("/tasks/" + task).status()).isEqualTo(200);
        }
    }

    @Test
    void whoReadsNothingKeepsNobodyElseWaiting() throws Exception {
        try (var agent = new Rude()) {
            await().until(() -> open(id));
            var large = "x".repeat(900_000);
            for (var sent = 0; sent < 12; sent++) {
                house.drop(id, large, ",\"contextId\":\"c" + sent + "\"");
            }
            house.admin("PATCH", "/workspaces/" + id, "{\"max_concurrent_tasks\":20}");
            // Secrets and the ends of tokens are told to every process over the same notices.
            var other = house.create("{\"name\":\"other\"}");
            house.awaitStatus(other, "online");
            house.post("/settings/secrets", "{\"key\":\"CHANGED\",\"value\":\"now and then\"}");
            assertThat(TestHouse.texts(house.say(other, TestHouse.ADMIN_TOKEN, "hello")))
                    .containsExactly("hello");
            var known = house.get("/workspaces/" + id + "/tokens")
                    .body()
                    .path("tokens")
                    .path(0);
            house.admin(
                    "DELETE",
                    "/workspaces/" + id + "/tokens/" + known.path("id").asText(),
                    "");
            await().atMost(Duration.ofSeconds(5)).until(() -> !open(id));
            agent.awaitEnd();
        }
    }
}
