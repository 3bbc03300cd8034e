package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Push notifications, from the caller's wish to the webhook.
class PushTest {

    private static TestHouse house;

    @BeforeAll
    static void open() throws Exception {
        house = TestHouse.open();
    }

    @AfterAll
    static void close() {
        house.close();
    }

    @Test
    void pushesComeInOrderAgainAndAgainUntilTheyAreTaken() throws Exception {
        var bodies = new CopyOnWriteArrayList<JsonNode>();
        var calls = new AtomicInteger();
        var hook = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        hook.createContext("/", exchange -> {
            try (exchange) {
                var body = Json.read(exchange.getRequestBody().readAllBytes());
                var taken = calls.incrementAndGet() > 2;
                if (taken) {
                    bodies.add(body);
                }
                exchange.sendResponseHeaders(taken ? 204 : 500, -1);
            } catch (Json.MalformedException bad) {
                throw new IOException(bad);
            }
        });
        hook.start();
        try {
            var id = house.online("pushing");
            var url = "http://127.0.0.1:" + hook.getAddress().getPort() + "/";
            var params =
                    "{\"message\":{\"parts\":[{\"text\":\"events 5\"}]},\"configuration\":{\"returnImmediately\":true,"
                            + "\"taskPushNotificationConfig\":{\"url\":\"" + url + "\"}}}";
            var task = house.rpc(id, "SendMessage", params)
                    .body()
                    .path("result")
                    .path("task")
                    .path("id")
                    .asText();
            house.awaitTask(id, task, "completed");
            await().atMost(Duration.ofSeconds(20))
                    .until(() ->
                            bodies.stream().anyMatch(body -> Json.text(body).contains("TASK_STATE_COMPLETED")));
            var written = new ArrayList<String>();
            bodies.forEach(body -> written.addAll(body.path("artifactUpdate").findValuesAsText("text")));
            assertThat(written).containsExactly("event 1\n", "event 2\n", "event 3\n", "event 4\n", "event 5\n");
        } finally {
            hook.stop(0);
        }
    }

    @Test
    void whatIsGivenUpIsSeenByTheOperatorAndBegunAgain() throws Exception {
        var id = house.create("{\"name\":\"unheard\",\"runtime\":\"external\"}");
        var params = "{\"message\":{\"parts\":[{\"text\":\"x\"}]},\"configuration\":{\"returnImmediately\":true,"
                + "\"taskPushNotificationConfig\":{\"id\":\"p\",\"token\":\"a-secret\",\"url\":\"http://127.0.0.1:1/\"}}}";
        var task = house.rpc(id, "SendMessage", params)
                .body()
                .path("result")
                .path("task")
                .path("id")
                .asText();
        assertThat(house.get("/tasks/" + task)
                        .body()
                        .path("pushes")
                        .path(0)
                        .path("phase")
                        .asText())
                .isEqualTo("active");
        assertThat(house.post("/tasks/" + task + "/pushes/p/resend", "").status())
                .isEqualTo(409);
        house.sql("update pushes set phase = 'dead', problem = 'nobody listened' where id = 'p'");
        var dead = house.get("/dead-pushes").body();
        assertThat(dead).hasSize(1);
        assertThat(dead.path(0).path("problem").asText()).isEqualTo("nobody listened");
        assertThat(Json.text(dead)).doesNotContain("a-secret");
        assertThat(house.post("/tasks/" + task + "/pushes/p/resend", "").status())
                .isEqualTo(202);
        assertThat(house.get("/dead-pushes").body()).isEmpty();
    }

    @Test
    void pushesIntoOtherNetworksAreRefused() throws Exception {
        var id = house.create("{\"name\":\"guarded\",\"runtime\":\"external\"}");
        for (var url :
                List.of("http://10.0.0.1/", "http://169.254.169.254/latest", "file:///etc/passwd", "http://[::1]/")) {
            var params = "{\"message\":{\"parts\":[{\"text\":\"x\"}]},\"configuration\":{\"returnImmediately\":true,"
                    + "\"taskPushNotificationConfig\":{\"url\":\"" + url + "\"}}}";
            assertThat(house.rpc(id, "SendMessage", params)
                            .body()
                            .path("error")
                            .path("code")
                            .asInt())
                    .as(url)
                    .isEqualTo(-32602);
        }
        assertThat(house.rpc(id, "ListTasks", "{}")
                        .body()
                        .path("result")
                        .path("totalSize")
                        .asInt())
                .isZero();
    }

    @Test
    void aWebhookThatNeverEndsItsAnswerHoldsNothingUp() throws Exception {
        var calls = new AtomicInteger();
        var over = new CountDownLatch(1);
        var hook = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        hook.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        hook.createContext("/", exchange -> {
            try (exchange) {
                calls.incrementAndGet();
                exchange.sendResponseHeaders(200, 0);
                exchange.getResponseBody().write('.');
                exchange.getResponseBody().flush();
                over.await(60, TimeUnit.SECONDS);
            } catch (InterruptedException stopping) {
                Thread.currentThread().interrupt();
            }
        });
        hook.start();
        try {
            var id = house.online("talking");
            var params =
                    "{\"message\":{\"parts\":[{\"text\":\"events 5\"}]},\"configuration\":{\"returnImmediately\":true,"
                            + "\"taskPushNotificationConfig\":{\"url\":\"http://127.0.0.1:"
                            + hook.getAddress().getPort() + "/\"}}}";
            house.rpc(id, "SendMessage", params);
            await().atMost(Duration.ofSeconds(20)).until(() -> calls.get() >= 6);
        } finally {
            over.countDown();
            hook.stop(0);
        }
    }
}
