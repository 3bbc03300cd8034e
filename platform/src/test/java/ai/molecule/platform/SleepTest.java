package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Agents that stop while nobody needs them, and come back when a message does.
class SleepTest {

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
    void aMessageWakesASleeper() throws Exception {
        var id = house.online("sleeper");
        assertThat(house.post("/workspaces/" + id + "/hibernate", "").text("status"))
                .isEqualTo("hibernated");
        assertThat(house.status(id)).isEqualTo("hibernated");
        var said = house.say(id, TestHouse.ADMIN_TOKEN, "good morning");
        // A caller of the original's kind is told at once that its message waits.
        assertThat(said.status()).isEqualTo(202);
        house.awaitTask(id, said.text("queue_id"), "completed");
        assertThat(house.status(id)).isEqualTo("online");
    }

    @Test
    void whoIsAtWorkIsNotStoppedUnlessItIsMeant() throws Exception {
        var id = house.online("busy");
        var task = house.drop(id, "slow a b c d e f", "").path("id").asText();
        house.awaitTask(id, task, "working");
        var refused = house.post("/workspaces/" + id + "/hibernate", "");
        assertThat(refused.status()).isEqualTo(409);
        assertThat(refused.body().path("active_tasks").asInt()).isEqualTo(1);
        assertThat(house.post("/workspaces/" + id + "/hibernate?force=true", "").status())
                .isEqualTo(200);
        // Its work is not lost: it begins again, and so the agent is woken.
        house.awaitTask(id, task, "completed");
    }

    @Test
    void whatThePlatformDoesNotRunItCannotStop() throws Exception {
        var id = house.create("{\"name\":\"remote\",\"runtime\":\"external\"}");
        assertThat(house.post("/workspaces/" + id + "/hibernate", "").text("code"))
                .isEqualTo("illegal_transition");
    }

    @Test
    void aSleeperBelowSomebodyPausedSleepsOn() throws Exception {
        var boss = house.online("boss");
        var id = house.create("{\"name\":\"below\",\"parent_id\":\"" + boss + "\"}");
        house.awaitStatus(id, "online");
        house.post("/workspaces/" + id + "/hibernate", "");
        house.sql("update workspaces set status = 'paused' where id = '" + boss + "'");
        var task = house.drop(id, "wait", "").path("id").asText();
        await().during(Duration.ofSeconds(2))
                .atMost(Duration.ofSeconds(10))
                .until(() -> house.status(id).equals("hibernated"));
        house.sql("update workspaces set status = 'online' where id = '" + boss + "'");
        house.awaitTask(id, task, "completed");
    }

    @Test
    void resumeWakesToo() throws Exception {
        var id = house.online("resumed");
        house.post("/workspaces/" + id + "/hibernate", "");
        assertThat(house.post("/workspaces/" + id + "/hibernate", "").status()).isEqualTo(409);
        assertThat(house.post("/workspaces/" + id + "/resume", "").status()).isEqualTo(200);
        house.awaitStatus(id, "online");
    }

    @Test
    void whoeverWasIdleForLongEnoughIsPutToSleep() throws Exception {
        var idle = house.online("idle");
        var asked = house.online("asked");
        house.say(asked, TestHouse.ADMIN_TOKEN, "something");
        // As if both had come two hours ago, and nothing but the question had happened since.
        house.sql("update workspaces set status_since = status_since - interval '2 hours' where id in ('" + idle
                + "', '" + asked + "')");
        house.awaitStatus(idle, "hibernated");
        assertThat(house.status(asked)).isEqualTo("online");
    }
}
