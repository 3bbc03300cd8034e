package ai.molecule.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.util.ArrayList;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class TurnsTest {

    private final Turns turns = new Turns();

    @Test
    void ofOneConversationTheyComeOneAfterTheOther() throws Exception {
        var order = new CopyOnWriteArrayList<String>();
        var begun = new CountDownLatch(1);
        var release = new CountDownLatch(1);
        var first = Thread.ofPlatform().start(turn(() -> {
            order.add("first begins");
            begun.countDown();
            release.await();
            order.add("first ends");
        }));
        begun.await();
        var second = Thread.ofPlatform().start(turn(() -> order.add("second")));
        await().until(() -> second.getState() == Thread.State.WAITING);
        release.countDown();
        first.join();
        second.join();
        assertThat(order).containsExactly("first begins", "first ends", "second");
    }

    private Runnable turn(Turns.Step step) {
        return () -> {
            try {
                turns.one("one", step);
            } catch (Exception failed) {
                throw new IllegalStateException(failed);
            }
        };
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
