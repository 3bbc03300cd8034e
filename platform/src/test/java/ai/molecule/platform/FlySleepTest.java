package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.fly.FlyEmulator;
import ai.molecule.fly.Operation;
import ai.molecule.platform.backend.flyio.TestFly;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.Test;

/// Scale to zero: messages come at any instant while agents fall asleep, sleep and wake.
class FlySleepTest {

    private static final int WORKSPACES = 20;
    private static final int ROUNDS = 50;
    private static final Duration PATIENCE = Duration.ofSeconds(90);

    @Test
    void noMessageIsLostOrOvertakenWhileItsAgentFallsAsleepSleepsOrWakes() throws Exception {
        var seed = System.nanoTime();
        System.out.println("seed " + seed);
        try (var fly = TestFly.running(FlyEmulator.Options.quick());
                var house = TestHouse.open(fly.variables("flyio"));
                var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            var ids = new ArrayList<String>();
            for (var i = 0; i < WORKSPACES; i++) {
                ids.add(house.create("{\"name\":\"sleeper " + i + "\"}"));
            }
            ids.forEach(
                    id -> await().atMost(PATIENCE).until(() -> house.status(id).equals("online")));
            var sleepers = new ArrayList<Future<Integer>>();
            for (var i = 0; i < WORKSPACES; i++) {
                var sleeper = new Sleeper(house, ids.get(i), new Random(seed + i), threads);
                sleepers.add(threads.submit(sleeper::disturb));
            }
            var answered = 0;
            for (var sleeper : sleepers) {
                answered += sleeper.get();
            }
            var slept = fly.emulator().calls().of(Operation.SUSPEND_MACHINE);
            System.out.println(answered + " messages answered, " + slept + " times asleep");
            assertThat(slept).as("times asleep, seed %s", seed).isGreaterThan(WORKSPACES * 5);
            assertThat(fly.emulator().machines()).hasSize(WORKSPACES);
        }
    }

    private record Sleeper(TestHouse house, String id, Random random, java.util.concurrent.ExecutorService threads) {

        /// One sender's messages around attempts to put its agent to sleep; all answered once, in their order.
        ///
        /// @return how many there were
        int disturb() throws Exception {
            var sent = new ArrayList<String>();
            for (var round = 0; round < ROUNDS; round++) {
                if (!sent.isEmpty() && random.nextInt(10) > 0) {
                    awaitAnswer(sent.getLast(), "message " + (sent.size() - 1));
                }
                var later = random.nextInt(60);
                var hibernating = threads.submit(() -> {
                    pass(later);
                    return house.post("/workspaces/" + id + "/hibernate", "").status();
                });
                var burst = 1 + random.nextInt(3);
                for (var i = 0; i < burst; i++) {
                    pass(random.nextInt(150));
                    var more = ",\"messageId\":\"" + id + "-" + sent.size() + "\",\"contextId\":\"line-" + id + "\"";
                    sent.add(house.drop(id, "word " + sent.size(), more)
                            .path("id")
                            .asText());
                }
                assertThat(hibernating.get()).isIn(200, 409);
            }
            var before = "";
            for (var i = 0; i < sent.size(); i++) {
                var task = sent.get(i);
                awaitAnswer(task, "message " + i);
                var seen = house.task(id, task);
                assertThat(seen.path("artifacts").findValuesAsText("text")).containsExactly("word " + i);
                var at = seen.path("status").path("timestamp").asText();
                assertThat(at).as("message %s of %s", i, id).isGreaterThanOrEqualTo(before);
                before = at;
            }
            return sent.size();
        }

        private void awaitAnswer(String task, String what) throws Exception {
            try {
                await().pollInterval(Duration.ofMillis(10))
                        .atMost(PATIENCE)
                        .until(() -> state(task).equals("completed"));
            } catch (ConditionTimeoutException late) {
                throw new AssertionError(
                        what + " was not answered: " + house.task(id, task) + "\n"
                                + house.get("/workspaces/" + id).body() + "\n"
                                + house.get("/events/" + id + "?limit=12").body(),
                        late);
            }
        }

        private String state(String task) throws Exception {
            return house.task(id, task).path("status").path("state").asText();
        }

        /// Lets some of the time pass in which something else happens.
        private static void pass(int millis) {
            LockSupport.parkNanos(Duration.ofMillis(millis).toNanos());
        }
    }
}
