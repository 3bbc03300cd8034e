package ai.molecule.agent.hermes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.Collections;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TurnsTest {

    private final Turns turns = new Turns();

    @Test
    void ofOneConversationTheyComeOneAfterTheOther() throws Exception {
        var within = new AtomicInteger();
        var most = new AtomicInteger();
        Callable<Boolean> turn = () -> {
            turns.one("one", () -> {
                most.accumulateAndGet(within.incrementAndGet(), Math::max);
                Thread.sleep(1);
                within.decrementAndGet();
            });
            return true;
        };
        try (var many = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var done : many.invokeAll(Collections.nCopies(50, turn))) {
                assertThat(done.get()).isTrue();
            }
        }
        assertThat(most).hasValue(1);
    }

    @Test
    void anotherConversationNeverWaits() throws Exception {
        var release = new CountDownLatch(1);
        var begun = new AtomicInteger();
        try (var many = Executors.newVirtualThreadPerTaskExecutor()) {
            var all = new ArrayList<Future<Boolean>>();
            for (int i = 0; i < 1000; i++) {
                var context = "talk " + i;
                all.add(many.submit(() -> {
                    turns.one(context, () -> {
                        begun.incrementAndGet();
                        release.await();
                    });
                    return true;
                }));
            }
            await().until(() -> begun.get() == 1000);
            release.countDown();
            for (var done : all) {
                assertThat(done.get()).isTrue();
            }
        }
    }
}
