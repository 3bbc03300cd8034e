package ai.molecule.platform.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ai.molecule.protocol.WorkspaceId;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What every backend promises, whatever it runs agents on.
public abstract class BackendContract {

    protected static final Duration PATIENCE = Duration.ofSeconds(20);

    protected Backend backend;
    protected final List<News.Death> deaths = new CopyOnWriteArrayList<>();
    protected final List<News> news = new CopyOnWriteArrayList<>();

    protected abstract Backend open() throws Exception;

    /// Ends an agent from outside, as a crash would.
    protected abstract void crash(Started started) throws Exception;

    /// True while something runs behind a handle.
    protected abstract boolean alive(Started started);

    /// How soon the death of an agent is told.
    protected Duration deathPatience() {
        return Duration.ofSeconds(1);
    }

    @BeforeEach
    void openBackend() throws Exception {
        backend = open();
        listen(backend);
    }

    protected void listen(Backend teller) {
        teller.onNews(told -> {
            news.add(told);
            if (told instanceof News.Death death) {
                deaths.add(death);
            }
        });
    }

    @AfterEach
    void closeBackend() {
        backend.close();
    }

    /// The echo runtime, as this backend gets it.
    protected AgentRuntime echo() {
        return new AgentRuntime("echo", "", 8000, List.of(), 60, 1);
    }

    protected StartOrder order(WorkspaceId workspace, long generation) {
        return new StartOrder(
                workspace,
                generation,
                echo(),
                new Size(256, 0.5),
                HostAccess.NONE,
                "",
                URI.create("http://127.0.0.1:9/"),
                "an enrolment",
                Map.of("A_SECRET", "hidden"));
    }

    @Test
    void whatIsStartedRunsAndIsListed() throws Exception {
        var id = WorkspaceId.random();
        var started = backend.start(order(id, 1));
        assertThat(alive(started)).isTrue();
        assertThat(backend.list()).containsExactly(new Running(id, 1, started.handle()));
    }

    @Test
    void theSameOrderTwiceStartsOnce() throws Exception {
        var id = WorkspaceId.random();
        assertThat(backend.start(order(id, 1))).isEqualTo(backend.start(order(id, 1)));
        assertThat(backend.list()).hasSize(1);
    }

    @Test
    void whatWasMadeAheadBecomesTheAgentThatIsOrdered() throws Exception {
        var id = WorkspaceId.random();
        var order = order(id, StartOrder.FIRST);
        var cannot = backend.prepare(StartOrder.ahead(id, order.runtime(), order.size(), order.platformUrl()));
        assertThat(backend.list()).hasSize(cannot.isEmpty() ? 1 : 0);
        var started = backend.start(order);
        assertThat(alive(started)).isTrue();
        assertThat(backend.start(order)).isEqualTo(started);
        assertThat(backend.list()).containsExactly(new Running(id, StartOrder.FIRST, started.handle()));
        assertThat(deaths).isEmpty();
        backend.purge(id, false);
        assertThat(backend.list()).isEmpty();
    }

    @Test
    void aNewGenerationReplacesTheOld() throws Exception {
        var id = WorkspaceId.random();
        var first = backend.start(order(id, 1));
        var second = backend.start(order(id, 2));
        assertThat(alive(first)).isFalse();
        assertThat(backend.list()).containsExactly(new Running(id, 2, second.handle()));
        assertThat(deaths).isEmpty();
    }

    @Test
    void aDeathIsToldAtOnceAndOnce() throws Exception {
        var id = WorkspaceId.random();
        var started = backend.start(order(id, 7));
        crash(started);
        await().atMost(deathPatience()).until(() -> deaths.size() == 1);
        assertThat(deaths.getFirst().workspace()).isEqualTo(id);
        assertThat(deaths.getFirst().generation()).isEqualTo(7);
        assertThat(backend.list()).isEmpty();
    }

    @Test
    void stoppingIsNoDeathAndStoppingNothingIsNoError() throws Exception {
        var id = WorkspaceId.random();
        var started = backend.start(order(id, 1));
        backend.stop(id);
        backend.stop(id);
        backend.stop(WorkspaceId.random());
        assertThat(alive(started)).isFalse();
        assertThat(deaths).isEmpty();
    }

    @Test
    void whatAnAgentWritesCanBeRead() throws Exception {
        var id = WorkspaceId.random();
        backend.start(order(id, 1));
        await().atMost(PATIENCE).until(() -> !backend.logTail(id, 5).isEmpty());
        backend.purge(id, false);
        assertThat(backend.logTail(id, 5)).isEmpty();
    }

    @Test
    void aLogIsFollowedUntilTheAgentEnds() throws Exception {
        var id = WorkspaceId.random();
        var started = backend.start(order(id, 1));
        await().atMost(PATIENCE).until(() -> !backend.logTail(id, 5).isEmpty());
        var heard = new CopyOnWriteArrayList<String>();
        var follower = Thread.ofVirtual().start(() -> {
            try {
                backend.interior().follow(id, 100, new Interior.Lines() {
                    @Override
                    public void line(String text) {
                        heard.add(text);
                    }

                    @Override
                    public void silence() {
                        heard.add("(silence)");
                    }
                });
            } catch (BackendException | java.io.IOException failed) {
                heard.add("failed: " + failed);
            }
        });
        await().atMost(PATIENCE).until(() -> !heard.isEmpty());
        crash(started);
        assertThat(follower.join(PATIENCE)).isTrue();
        assertThat(heard.getFirst()).isEqualTo(backend.logTail(id, 100).getFirst());
        assertThat(heard).noneMatch(line -> line.startsWith("failed"));
    }

    @Test
    void filesAreWrittenListedReadAndDeleted() throws Exception {
        var id = WorkspaceId.random();
        backend.start(order(id, 1));
        var inside = backend.interior();
        inside.write(id, "/workspace/a note; $(id) é.txt", "what it says".getBytes(StandardCharsets.UTF_8));
        assertThat(inside.entries(id, "/workspace"))
                .contains(new Interior.Entry("a note; $(id) é.txt", false, "what it says".length()));
        assertThat(inside.entries(id, "/configs").stream().map(Interior.Entry::name))
                .contains(".auth_token");
        assertThat(inside.read(id, "/workspace/a note; $(id) é.txt"))
                .isEqualTo("what it says".getBytes(StandardCharsets.UTF_8));
        inside.delete(id, "/workspace/a note; $(id) é.txt");
        assertThat(inside.entries(id, "/workspace").stream().map(Interior.Entry::name))
                .doesNotContain("a note; $(id) é.txt");
        assertThatThrownBy(() -> inside.read(id, "/workspace/none")).isInstanceOf(BackendException.class);
        assertThatThrownBy(() -> inside.read(id, "/workspace")).isInstanceOf(BackendException.class);
        assertThatThrownBy(() -> inside.delete(id, "/workspace/none")).isInstanceOf(BackendException.class);
        assertThatThrownBy(() -> inside.write(id, "/workspace/no/such/directory", new byte[1]))
                .isInstanceOf(BackendException.class);
    }

    @Test
    void whatAnAgentTakesIsMeasured() throws Exception {
        var id = WorkspaceId.random();
        backend.start(order(id, 1));
        var usage = backend.interior().usage(id);
        assertThat(usage.memoryBytes()).isBetween(1L << 20, 512L << 20);
        assertThat(usage.cpus()).isBetween(0.0, 8.0);
        assertThat(usage.processes()).isPositive();
        backend.stop(id);
        assertThatThrownBy(() -> backend.interior().usage(id)).isInstanceOf(BackendException.class);
    }

    @Test
    void whatBelongsToNobodyKnownIsSwept() throws Exception {
        var known = WorkspaceId.random();
        var unknown = WorkspaceId.random();
        backend.start(order(known, 1));
        backend.start(order(unknown, 1));
        backend.sweep(id -> id.equals(known) ? Backend.Claim.EVERYTHING : Backend.Claim.NOTHING);
        assertThat(backend.list()).extracting(Running::workspace).containsExactly(known);
        assertThat(deaths).isEmpty();
    }

    @Test
    void manyStartAtOnce() throws Exception {
        try (var threads = java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor()) {
            var starts = new java.util.ArrayList<java.util.concurrent.Future<Started>>();
            for (int i = 0; i < 6; i++) {
                starts.add(threads.submit(() -> backend.start(order(WorkspaceId.random(), 1))));
            }
            for (var start : starts) {
                assertThat(alive(start.get())).isTrue();
            }
        }
        assertThat(backend.list()).hasSize(6);
    }
}
