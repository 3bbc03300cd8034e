package ai.molecule.fly;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// One life of a machine, the same at the emulator and at Fly itself: there only where `FLY_LIVE_TOKEN` and
/// `FLY_LIVE_APP` name a token and an app in which a machine may be made, which costs a little.
class BothEndsTest {

    private static final Duration PATIENCE = Duration.ofMinutes(2);
    private static final String IMAGE = "registry-1.docker.io/library/nginx:alpine";

    /// Where the API is, and with what it is called.
    ///
    /// @param emulator true for ours
    record End(boolean emulator, String token, String app) {
        @Override
        public String toString() {
            return emulator ? "the emulator" : "Fly";
        }
    }

    static List<End> ends() {
        var ends = new ArrayList<>(List.of(new End(true, "FlyV1 fm2_deploy", "agents")));
        var variables = System.getenv();
        if (variables.containsKey("FLY_LIVE_TOKEN") && variables.containsKey("FLY_LIVE_APP")) {
            ends.add(new End(false, "FlyV1 " + variables.get("FLY_LIVE_TOKEN"), variables.get("FLY_LIVE_APP")));
        }
        return ends;
    }

    @ParameterizedTest
    @MethodSource("ends")
    void aMachineHasTheSameLife(End end) throws Exception {
        if (!end.emulator()) {
            live(new Flaps(URI.create("https://api.machines.dev"), end.token()), end.app());
            return;
        }
        try (var emulator = FlyEmulator.open(FlyEmulator.Options.quick().limitedAsFly())) {
            live(new Flaps(emulator.url(), end.token()), end.app());
        }
    }

    private static Flaps.Answer answered(Flaps fly, String method, String path, String body) {
        var answers = new ArrayList<Flaps.Answer>();
        await().pollInterval(Duration.ofSeconds(1))
                .pollDelay(Duration.ZERO)
                .atMost(PATIENCE)
                .until(() -> {
                    var answer = body.isEmpty() ? fly.call(method, path) : fly.call(method, path, body);
                    answers.add(answer);
                    // Both are "not now": the rate, and the moment after a stop.
                    return answer.status() != 429
                            && !(answer.status() == 412 && path.endsWith("/start"))
                            && !(answer.status() == 408 && path.contains("/wait"));
                });
        return answers.getLast();
    }

    private static void live(Flaps fly, String app) throws Exception {
        var machines = "/v1/apps/" + app + "/machines";
        var name = "both-ends-" + Long.toString(System.nanoTime(), 36);
        var request = """
                {"name": "%s", "region": "ams", "config": {"image": "%s", "metadata": {"mine": "yes"},
                 "guest": {"cpu_kind": "shared", "cpus": 1, "memory_mb": 256}}}""".formatted(name, IMAGE);
        var created = answered(fly, "POST", machines, request);
        assertThat(created.status()).as(created.text()).isEqualTo(200);
        var machine = created.json();
        var one = machines + "/" + machine.path("id").asText();
        try {
            assertThat(machine.path("instance_id").asText()).hasSize(26);
            assertThat(machine.path("region").asText()).isEqualTo("ams");
            assertThat(answered(fly, "GET", one + "/wait?state=started", "").status())
                    .isEqualTo(200);
            var second = answered(fly, "POST", machines, request);
            assertThat(second.status()).isIn(409, 422);
            assertThat(second.error()).contains(machine.path("id").asText());
            assertThat(answered(fly, "POST", one + "/metadata/color", "{\"value\": \"red\"}")
                            .status())
                    .isEqualTo(204);
            var seen = answered(fly, "GET", one, "").json();
            assertThat(seen.path("config").path("metadata").path("color").asText())
                    .isEqualTo("red");
            assertThat(seen.path("instance_id")).isEqualTo(machine.path("instance_id"));
            var version = machine.path("instance_id").asText();
            for (var step : List.of(
                    Map.entry("suspend", "suspended"), Map.entry("start", "started"), Map.entry("stop", "stopped"))) {
                var done = answered(fly, "POST", one + "/" + step.getKey(), "{}");
                assertThat(done.status()).as(done.text()).isEqualTo(200);
                var reached =
                        answered(fly, "GET", one + "/wait?state=" + step.getValue() + "&instance_id=" + version, "");
                assertThat(reached.status()).as(reached.text()).isEqualTo(200);
            }
        } finally {
            var destroyed = answered(fly, "DELETE", one + "?force=true", "");
            assertThat(destroyed.status()).isEqualTo(200);
        }
        await().pollInterval(Duration.ofSeconds(1)).atMost(PATIENCE).until(() -> {
            var gone = fly.call("GET", one);
            return gone.status() == 404 || gone.json().path("state").asText().equals("destroyed");
        });
        assertThat(fly.call("GET", "/v1/nothing").status()).isEqualTo(404);
    }
}
