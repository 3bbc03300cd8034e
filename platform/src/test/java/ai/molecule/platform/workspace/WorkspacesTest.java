package ai.molecule.platform.workspace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.molecule.platform.TestRooms;
import ai.molecule.platform.backend.HostAccess;
import ai.molecule.platform.journal.Event;
import ai.molecule.platform.workspace.Workspaces.IdempotencyKey;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import ai.molecule.protocol.WireException;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WorkspacesTest {

    private final TestRooms rooms = new TestRooms();

    @AfterEach
    void close() {
        rooms.close();
    }

    private static void assertRefused(Reason reason, ThrowingCallable call) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        Refusal.class, refusal -> assertThat(refusal.reason()).isEqualTo(reason));
    }

    private static Patch patch(ObjectNode body) {
        return Patch.read(body, true);
    }

    @Test
    void whatAWorkspaceHasOfItsMachineMayBeGivenUpButNotTaken() {
        var made = rooms.create("once trusted");
        rooms.database.update(
                "update workspaces set host_dir = '/gone', host_privileged = true where id = ?",
                made.id().value());
        patch(made, "{\"name\":\"renamed\",\"tier\":3}");
        patch(made, "{\"workspace_access\":\"read_only\"}");
        patch(made, "{\"privileged\":false}");
        var now = rooms.workspaces.require(made.id()).profile();
        assertThat(now.host()).isEqualTo(new HostAccess("/gone", true, false));
        for (var more : List.of("{\"privileged\":true}", "{\"workspace_access\":\"read_write\"}")) {
            assertThatThrownBy(() -> patch(made, more)).as(more).isInstanceOf(Refusal.class);
        }
        patch(made, "{\"workspace_dir\":null}");
        assertThat(rooms.workspaces.require(made.id()).profile().host()).isEqualTo(HostAccess.NONE);
    }

    private void patch(Workspace workspace, String body) {
        rooms.workspaces.patch(workspace.id(), Patch.read(Json.trusted(body), true));
    }

    @Test
    void aNewWorkspaceIsWhatItsDraftSays() {
        var boss = rooms.create("Boss");
        var made = rooms.create(Json.object()
                .put("name", " Worker ")
                .put("role", "works")
                .put("tier", 3)
                .put("model", "gpt-5")
                .put("parent_id", boss.id().toString())
                .set("canvas", Json.object().put("x", 5).put("y", 6)));
        var found = rooms.workspaces.require(made.id());
        assertThat(found.profile())
                .isEqualTo(new Profile(
                        "Worker", "works", Tier.T3, "echo", "gpt-5", "process", 1, HostAccess.NONE, Json.object()));
        assertThat(found.place()).isEqualTo(new Place(boss.id(), 5, 6, false));
        assertThat(found.life().status()).isEqualTo("provisioning");
    }

    @Test
    void anExternalOneWaitsForItsAgent() {
        assertThat(rooms.status(rooms.createExternal("CI Agent"))).isEqualTo("awaiting_agent");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"name\":\"\"}",
                "{\"name\":\"   \"}",
                "{\"name\":7}",
                "{\"name\":null}",
                "{\"name\":\"a\\nb\"}",
                "{\"name\":\"a\\u0000b\"}",
                "{\"name\":\"a{b}\"}",
                "{\"name\":\"x\",\"tier\":9}",
                "{\"name\":\"x\",\"tier\":\"2\"}",
                "{\"name\":\"x\",\"runtime\":\"../etc\"}",
                "{\"name\":\"x\",\"url\":\"https://x.example\"}",
                "{\"name\":\"x\",\"external\":true,\"backend\":\"docker\"}",
                "{\"name\":\"x\",\"max_concurrent_tasks\":100000}",
                "{\"name\":\"x\",\"metadata\":[]}",
                "{\"name\":\"x\",\"parent_id\":\"boss\"}",
                "{\"name\":\"x\",\"canvas\":{\"x\":1e99}}",
                "{\"name\":\"x\",\"secrets\":{\"KEY\":7}}",
                "[]",
                "7"
            })
    void aBadDraftIsRefusedAndLeavesNothing(String body) {
        assertThatThrownBy(() -> Draft.read(Json.read(body), "process")).isInstanceOf(WireException.class);
        assertThat(rooms.workspaces.all()).isEmpty();
    }

    @Test
    void whatCannotBeHadIsRefusedByName() {
        assertRefused(
                Reason.RUNTIME_NOT_ALLOWED,
                () -> rooms.create(Json.object().put("name", "x").put("runtime", "cobol")));
        assertRefused(
                Reason.BACKEND_NOT_AVAILABLE,
                () -> rooms.create(Json.object().put("name", "x").put("backend", "flyio")));
        assertRefused(
                Reason.INVALID_FIELD,
                () -> rooms.create(
                        Json.object().put("name", "x").put("parent_id", "00000000-0000-0000-0000-000000000000")));
    }

    @Test
    void theSameKeyCreatesOnce() throws Exception {
        var draft = Draft.read(Json.object().put("name", "once"), "process");
        var key = new IdempotencyKey("key-1", new byte[] {1});
        var ids = new HashSet<>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            Callable<Object> create = () -> {
                try {
                    return rooms.workspaces.create(draft, key).workspace().id();
                } catch (Refusal underWay) {
                    assertThat(underWay.reason()).isEqualTo(Reason.CONFLICT);
                    return rooms.workspaces.create(draft, key).workspace().id();
                }
            };
            var futures = new ArrayList<java.util.concurrent.Future<Object>>();
            for (int i = 0; i < 8; i++) {
                futures.add(threads.submit(create));
            }
            for (var future : futures) {
                ids.add(future.get());
            }
        }
        assertThat(ids).hasSize(1);
        assertThat(rooms.workspaces.all()).hasSize(1);
        assertRefused(
                Reason.IDEMPOTENCY_KEY_REUSED,
                () -> rooms.workspaces.create(draft, new IdempotencyKey("key-1", new byte[] {2})));
    }

    @Test
    void aKeyIsForgottenAfterADay() {
        var draft = Draft.read(Json.object().put("name", "daily"), "process");
        var key = new IdempotencyKey("key-1", new byte[] {1});
        rooms.workspaces.create(draft, key);
        rooms.clock.turn(Duration.ofHours(25));
        assertThat(rooms.workspaces.create(draft, key).replayed()).isFalse();
    }

    @Test
    void timeIsCountedByStateTierAndBackend() {
        var id = rooms.create("counted").id();
        rooms.clock.turn(Duration.ofSeconds(3));
        rooms.workspaces.pause(id);
        rooms.clock.turn(Duration.ofSeconds(60));
        rooms.workspaces.resume(id);
        rooms.clock.turn(Duration.ofSeconds(2));
        assertThat(rooms.workspaces.stays(id))
                .containsExactly(new Stay("process", 2, "paused", 60), new Stay("process", 2, "provisioning", 5));
    }

    @Test
    void nobodyBecomesItsOwnAncestor() {
        var top = rooms.create("top");
        var middle = rooms.createBelow("middle", top);
        var bottom = rooms.createBelow("bottom", middle);
        assertRefused(
                Reason.PARENT_CYCLE,
                () -> rooms.workspaces.patch(
                        top.id(),
                        patch(Json.object().put("parent_id", bottom.id().toString()))));
        assertRefused(
                Reason.PARENT_CYCLE,
                () -> rooms.workspaces.patch(
                        top.id(), patch(Json.object().put("parent_id", top.id().toString()))));
    }

    @Test
    void twoMovesAtOnceCannotCloseACircle() throws Exception {
        var one = rooms.create("one");
        var other = rooms.create("other");
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            threads.execute(() -> nest(one, other));
            threads.execute(() -> nest(other, one));
        }
        var parents = rooms.workspaces.all().stream()
                .filter(sighting -> sighting.workspace().place().parent() != null)
                .count();
        assertThat(parents).isEqualTo(1);
    }

    private void nest(Workspace child, Workspace parent) {
        try {
            rooms.workspaces.patch(
                    child.id(), patch(Json.object().put("parent_id", parent.id().toString())));
        } catch (Refusal lost) {
            assertThat(lost.reason()).isEqualTo(Reason.PARENT_CYCLE);
        }
    }

    @Test
    void aPatchChangesWhatItNamesAndTellsWhat() {
        var made = rooms.create("before");
        rooms.workspaces.patch(made.id(), patch(Json.object().put("name", "after")));
        rooms.workspaces.patch(made.id(), patch(Json.object().put("x", 7).put("y", 8)));
        rooms.workspaces.patch(made.id(), patch(Json.object().put("x", 7).put("y", 8)));
        var facts = rooms.journal.about(made.id(), 10);
        assertThat(facts.stream().map(fact -> fact.event()))
                .containsExactly(Event.WORKSPACE_MOVED, Event.WORKSPACE_RENAMED, Event.WORKSPACE_PROVISIONING);
        assertThat(Json.text(facts.get(1).payload().path("changes"))).isEqualTo("{\"name\":\"after\"}");
        assertThat(Json.text(facts.getFirst().payload().path("changes"))).isEqualTo("{\"x\":7.0,\"y\":8.0}");
    }

    @Test
    void anAgentCannotRaiseItself() {
        for (var field : new String[] {
            "tier",
            "parent_id",
            "runtime",
            "backend",
            "workspace_dir",
            "workspace_access",
            "privileged",
            "max_concurrent_tasks"
        }) {
            assertRefused(Reason.FORBIDDEN_FIELD, () -> Patch.read(Json.object().putNull(field), false));
        }
    }

    @Test
    void removingATeamNeedsConfirmation() {
        var boss = rooms.create("boss");
        var worker = rooms.createBelow("worker", boss);
        assertThatThrownBy(() -> rooms.workspaces.remove(boss.id(), false, false))
                .isInstanceOfSatisfying(Refusal.class, refusal -> {
                    assertThat(refusal.reason()).isEqualTo(Reason.CONFIRMATION_REQUIRED);
                    assertThat(((Removals.Children) java.util.Objects.requireNonNull(refusal.detail())).children())
                            .extracting(Workspace::id)
                            .containsExactly(worker.id());
                });
        assertThat(rooms.workspaces.remove(boss.id(), true, false)).isEqualTo(1);
        assertThat(rooms.workspaces.all()).isEmpty();
        assertRefused(Reason.WORKSPACE_REMOVED, () -> rooms.workspaces.require(worker.id()));
        assertRefused(Reason.WORKSPACE_REMOVED, () -> rooms.workspaces.remove(boss.id(), true, false));
    }

    @Test
    void removingEndsItsTokens() {
        var made = rooms.createExternal("gone");
        var token = rooms.register(made);
        rooms.workspaces.remove(made.id(), false, false);
        assertRefused(
                Reason.WORKSPACE_REMOVED,
                () -> new ai.molecule.platform.access.Access(rooms.database, "another operator's token", rooms.clock)
                        .identify(token));
    }

    @Test
    void pausingAndResumingTakesTheTeamAlong() {
        var boss = rooms.create("boss");
        var worker = rooms.createBelow("worker", boss);
        assertThat(rooms.workspaces.pause(boss.id())).isEqualTo(2);
        assertThat(rooms.status(worker)).isEqualTo("paused");
        assertRefused(Reason.ANCESTOR_PAUSED, () -> rooms.workspaces.resume(worker.id()));
        assertRefused(Reason.ILLEGAL_TRANSITION, () -> rooms.workspaces.pause(boss.id()));
        assertThat(rooms.workspaces.resume(boss.id())).isEqualTo(2);
        assertThat(rooms.status(worker)).isEqualTo("provisioning");
    }

    @Test
    void anExternalAgentIsNotOursToRestart() {
        var external = rooms.createExternal("theirs");
        assertRefused(Reason.ILLEGAL_TRANSITION, () -> rooms.workspaces.restart(external.id()));
    }

    @Test
    void pagesHoldEveryWorkspaceOnceInOrder() {
        for (int i = 0; i < 7; i++) {
            rooms.create("w" + i);
            rooms.clock.turn(Duration.ofMillis(i % 2));
        }
        var seen = new ArrayList<String>();
        var cursor = Cursor.START;
        for (var page = rooms.workspaces.page(cursor, 3); !page.isEmpty(); page = rooms.workspaces.page(cursor, 3)) {
            page.forEach(sighting -> seen.add(sighting.workspace().profile().name()));
            cursor = Cursor.parse(Cursor.after(page.getLast().workspace()).wire())
                    .orElseThrow();
        }
        assertThat(seen).hasSize(7).doesNotHaveDuplicates();
        assertThat(Cursor.parse("nonsense")).isEmpty();
    }
}
