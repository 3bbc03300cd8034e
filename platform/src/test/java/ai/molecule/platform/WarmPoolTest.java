package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.docker.TestEngine;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Agents in containers that were started before anybody asked for them.
class WarmPoolTest {

    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private TestHouse house;
    private TestEngine engine;

    @BeforeEach
    void open() throws Exception {
        var settings = new HashMap<>(TestEngine.houseSettings());
        settings.put("WARM_POOL_SIZE", "1");
        settings.put("ALLOW_PRIVILEGED_WORKSPACES", "on");
        house = TestHouse.open(settings);
        engine = TestEngine.of(house.platformId());
    }

    @AfterEach
    void close() throws Exception {
        house.close();
        engine.clear();
        engine.close();
    }

    /// The only spare there is, once there is one that nobody took.
    private String spare(List<String> taken) {
        return await().atMost(PATIENCE).until(() -> waiting(taken), found -> !found.isEmpty());
    }

    private String waiting(List<String> taken) throws BackendException {
        for (var one : engine.ahead()) {
            if (!taken.contains(one) && engine.logs(one).contains("made ahead")) {
                return one;
            }
        }
        return "";
    }

    /// Everything that somebody in a container can read of it.
    private String everything(String container) throws Exception {
        return engine.run(
                        container,
                        "sh",
                        "-c",
                        "cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline; find /configs /workspace /tmp /run -type f -exec cat {} +; find / -xdev")
                + engine.inspect(container)
                + List.of(engine.inspect(container).getConfig().getEnv());
    }

    @Test
    void aClaimedContainerCarriesNothingOfAnotherWorkspace() throws Exception {
        house.admin("PUT", "/settings/secrets", "{\"key\":\"GLOBAL\",\"value\":\"global-canary\"}");
        var first = spare(List.of());
        assertThat(everything(first)).doesNotContain("canary");
        assertThat(engine.run(first, "ls", "-A", "/configs")).isEmpty();

        var a = house.create("{\"name\":\"a\",\"secrets\":{\"A_KEY\":\"canary-of-a\"}}");
        house.awaitStatus(a, "online");
        assertThat(engine.container(a)).isEqualTo(first);
        assertThat(TestHouse.texts(house.say(a, TestHouse.ADMIN_TOKEN, "secret A_KEY")))
                .contains("A_KEY has 11 characters");
        assertThat(TestHouse.texts(house.say(a, TestHouse.ADMIN_TOKEN, "secret GLOBAL")))
                .contains("GLOBAL has 13 characters");
        engine.run(first, "sh", "-c", "echo canary > /workspace/left; echo canary > /tmp/left");
        assertThat(everything(first)).as("the canary can be seen where it is").contains("canary-of-a");
        assertThat(house.admin("DELETE", "/workspaces/" + a, "").status()).isEqualTo(200);

        var second = spare(List.of(first));
        var b = house.create("{\"name\":\"b\",\"secrets\":{\"B_KEY\":\"its own\"}}");
        house.awaitStatus(b, "online");
        assertThat(engine.container(b)).isEqualTo(second);
        assertThat(everything(second)).doesNotContain("canary-of-a", a, "/workspace/left", "/tmp/left");
        assertThat(TestHouse.texts(house.say(b, TestHouse.ADMIN_TOKEN, "secret A_KEY")))
                .contains("there is no A_KEY");
    }

    @Test
    void whoIsPrivilegedTakesNoneOfThemAndIsInTheJournal() throws Exception {
        var waiting = spare(List.of());
        // Whether it starts is for the machine that runs the tests to say: few let anybody be privileged.
        var id = house.create("{\"name\":\"mighty\",\"privileged\":true}");
        assertThat(house.get("/workspaces/" + id).body().path("privileged").asBoolean())
                .isTrue();
        assertThat(house.get("/events/" + id).body().toString()).contains("\"privileged\":true");
        assertThat(house.admin("DELETE", "/workspaces/" + id, "").status()).isEqualTo(200);
        assertThat(engine.ahead()).contains(waiting);
    }

    @Test
    void whatNobodyTookEndsWithThePlatformAndWhatWasTakenGoesOn() throws Exception {
        var first = spare(List.of());
        var taken = house.create("{\"name\":\"taken\"}");
        house.awaitStatus(taken, "online");
        var waiting = spare(List.of(first));
        house.restart();
        assertThat(engine.runs(waiting)).isFalse();
        house.awaitStatus(taken, "online");
        assertThat(engine.container(taken)).isEqualTo(first);
        assertThat(house.get("/workspaces/" + taken).body().path("epoch").asInt())
                .isEqualTo(1);
        assertThat(TestHouse.texts(house.say(taken, TestHouse.ADMIN_TOKEN, "still here?")))
                .contains("still here?");
    }

    @Test
    void aClaimedAgentThatDiesStartsAgainAsAnyOther() throws Exception {
        spare(List.of());
        var id = house.create("{\"name\":\"mortal\",\"secrets\":{\"A_KEY\":\"x\"}}");
        house.awaitStatus(id, "online");
        var first = engine.container(id);
        engine.kill(first);
        await().atMost(PATIENCE)
                .until(() -> house.get("/workspaces/" + id).body().path("epoch").asInt() == 2);
        assertThat(engine.container(id)).isNotEqualTo(first);
        assertThat(TestHouse.texts(house.say(id, TestHouse.ADMIN_TOKEN, "secret A_KEY")))
                .contains("A_KEY has 1 characters");
    }
}
