package ai.molecule.platform.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.platform.TestRooms;
import ai.molecule.platform.ledger.Ledger;
import ai.molecule.platform.ledger.MailboxLimits;
import ai.molecule.platform.ledger.Owner;
import ai.molecule.platform.ledger.Submission;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.WorkspaceId;
import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FeedTest {

    private final TestRooms rooms = new TestRooms();

    @AfterEach
    void close() {
        rooms.close();
    }

    /// Notes what it is shown; can be held up, and hidden things from.
    private static class Notebook implements Viewer {
        final List<JsonNode> frames = new CopyOnWriteArrayList<>();
        final List<String> cuts = new CopyOnWriteArrayList<>();
        volatile boolean welcome = true;
        boolean operator = true;
        volatile CountDownLatch gate = new CountDownLatch(0);

        @Override
        public boolean operator() {
            return operator;
        }

        @Override
        public boolean welcome() {
            return welcome;
        }

        @Override
        public boolean sees(WorkspaceId workspace) {
            return true;
        }

        @Override
        public void show(String frame) {
            try {
                gate.await();
            } catch (InterruptedException cut) {
                throw new IllegalStateException("cut off", cut);
            }
            frames.add(Json.trusted(frame));
        }

        @Override
        public void ping() {}

        @Override
        public void cut(String reason) {
            cuts.add(reason);
        }

        @Override
        public Duration silence() {
            return Duration.ofSeconds(20);
        }

        List<Long> numbers() {
            return frames.stream().map(frame -> frame.path("seq").asLong()).toList();
        }
    }

    @Test
    void whatIsOnItsWayIsToldToTheOperatorWhenItChanges() {
        var target = rooms.createExternal("away");
        var operator = new Notebook();
        var agent = new Notebook();
        agent.operator = false;
        try (var ledger = new Ledger(rooms.database, MailboxLimits.DEFAULT, rooms.clock);
                var first = rooms.feed.view(operator, null);
                var second = rooms.feed.view(agent, null)) {
            await().until(() -> operator.frames.size() == 1 && agent.frames.size() == 1);
            var task = UUID.randomUUID();
            ledger.accept(new Submission(
                    task,
                    false,
                    new Submission.Address(target.id(), Owner.OPERATOR, "c", "m", true),
                    Json.object(),
                    "submitted",
                    Json.object(),
                    new Submission.Origin(null, 0, "t", false, null),
                    rooms.clock.instant().plus(Duration.ofHours(1))));
            rooms.feed.lookAtTraffic();
            rooms.feed.lookAtTraffic();
            await().until(() -> operator.frames.size() == 2);
            var told = operator.frames.getLast();
            assertThat(told.path("event").asText()).isEqualTo("TRAFFIC");
            assertThat(Json.text(told.path("payload").path("mailboxes")))
                    .isEqualTo("[{\"workspace_id\":\"" + target.id() + "\",\"queued\":1,\"running\":0}]");
            assertThat(told.path("payload").path("edges").path(0).path("open").asInt())
                    .isEqualTo(1);
            rooms.create("a fact after it");
            await().until(() -> agent.frames.size() == 2 && operator.frames.size() == 3);
            assertThat(agent.frames.getLast().path("event").asText()).isEqualTo("WORKSPACE_PROVISIONING");
            assertThat(List.of(first, second)).hasSize(2);
        }
    }

    @Test
    void aSnapshotComesFirstAndThenEveryFactOnceInOrder() {
        rooms.create("before");
        var viewer = new Notebook();
        try (var viewing = rooms.feed.view(viewer, null)) {
            await().until(() -> viewer.frames.size() == 1);
            assertThat(viewer.frames.getFirst().path("event").asText()).isEqualTo("SNAPSHOT");
            assertThat(viewer.frames.getFirst().path("payload").path("workspaces"))
                    .hasSize(1);
            for (int i = 0; i < 20; i++) {
                rooms.create("w" + i);
            }
            await().until(() -> viewer.frames.size() == 21);
            assertThat(viewer.numbers())
                    .containsExactlyElementsOf(java.util.stream.LongStream.rangeClosed(1, 21)
                            .boxed()
                            .toList());
            assertThat(viewing).isNotNull();
        }
    }

    @Test
    void whoComesBackGoesOnWhereItStopped() {
        for (int i = 0; i < 10; i++) {
            rooms.create("w" + i);
        }
        var viewer = new Notebook();
        try (var viewing = rooms.feed.view(viewer, 7L)) {
            await().until(() -> viewer.frames.size() == 3);
            assertThat(viewer.numbers()).containsExactly(8L, 9L, 10L);
            assertThat(viewing).isNotNull();
        }
    }

    @Test
    void aNumberFromTheFutureGetsASnapshot() {
        rooms.create("one");
        var viewer = new Notebook();
        try (var viewing = rooms.feed.view(viewer, 999L)) {
            await().until(() -> viewer.frames.size() == 1);
            assertThat(viewer.frames.getFirst().path("event").asText()).isEqualTo("SNAPSHOT");
            assertThat(viewing).isNotNull();
        }
    }

    @Test
    void aSlowViewerIsCutOffOthersAreNotHeldUp() {
        var slow = new Notebook();
        slow.gate = new CountDownLatch(1);
        var quick = new Notebook();
        rooms.feed.view(slow, 0L);
        rooms.feed.view(quick, 0L);
        var total = Feed.KEPT + 600;
        rooms.database.inTransaction(() -> {
            for (int i = 0; i < total; i++) {
                rooms.journal.append(
                        ai.molecule.platform.journal.Event.TASK_UPDATED, WorkspaceId.random(), Json.object());
            }
            return true;
        });
        await().atMost(Duration.ofSeconds(30)).until(() -> quick.frames.size() == total);
        await().until(() -> slow.cuts.size() == 1);
        assertThat(slow.cuts.getFirst()).isEqualTo("too slow; come back with since=0");
        assertThat(rooms.feed.viewers()).isEqualTo(1);
    }

    @Test
    void factsAreFollowedAgainAfterTheListeningConnectionBroke() {
        var viewer = new Notebook();
        rooms.feed.view(viewer, null);
        await().until(() -> viewer.frames.size() == 1);
        var broken = rooms.database.query("""
                select pg_terminate_backend(pid) as ended from pg_stat_activity
                where datname = current_database() and query like 'listen%'
                """, row -> row.flag("ended"));
        assertThat(broken).containsExactly(true);
        rooms.create("meanwhile");
        await().atMost(Duration.ofSeconds(10)).until(() -> viewer.frames.size() == 2);
    }

    @Test
    void whoseCredentialEndsIsCutOffBeforeTheNextFact() {
        var viewer = new Notebook();
        rooms.feed.view(viewer, null);
        await().until(() -> viewer.frames.size() == 1);
        viewer.welcome = false;
        rooms.create("secret");
        await().until(() -> viewer.cuts.size() == 1);
        assertThat(viewer.frames).hasSize(1);
    }

    @Test
    void whatAViewerMayNotSeeIsNotShown() {
        var mine = rooms.create("mine");
        var viewer = new Notebook() {
            @Override
            public boolean operator() {
                return false;
            }

            @Override
            public boolean sees(WorkspaceId workspace) {
                return workspace.equals(mine.id());
            }
        };
        try (var viewing = rooms.feed.view(viewer, null)) {
            await().until(() -> viewer.frames.size() == 1);
            rooms.create("theirs");
            rooms.register(mine);
            await().until(() -> viewer.frames.size() == 2);
            assertThat(viewer.frames.getFirst().path("payload").path("workspaces"))
                    .hasSize(1);
            assertThat(viewer.frames.getLast().path("event").asText()).isEqualTo("WORKSPACE_ONLINE");
            assertThat(viewer.frames.getLast().path("payload").has("url")).isFalse();
            assertThat(viewing).isNotNull();
        }
    }
}
