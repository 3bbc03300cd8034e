package ai.molecule.platform.workspace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ai.molecule.platform.TestRooms;
import ai.molecule.platform.backend.News;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.WorkspaceId;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class SparesTest {

    private final TestRooms rooms = new TestRooms();

    @AfterEach
    void close() {
        rooms.close();
    }

    private Set<WorkspaceId> filled() {
        rooms.spares.round(() -> true);
        return rooms.backend.running();
    }

    @Test
    void aWorkspaceTakesTheIdOfASpareAndTheNextRoundMakesAnother() {
        var ahead = filled();
        assertThat(ahead).hasSize(2);
        var one = rooms.create("one").id();
        var two = rooms.create("two").id();
        assertThat(Set.of(one, two)).isEqualTo(ahead);
        assertThat(rooms.create("three").id()).isNotIn(ahead);
        assertThat(filled()).hasSize(4);
    }

    @Test
    void onlyWhoWantsTheSameGetsOne() {
        var ahead = filled();
        assertThat(rooms.create(Json.object().put("name", "big").put("tier", 3)).id())
                .isNotIn(ahead);
        assertThat(rooms.createExternal("elsewhere").id()).isNotIn(ahead);
        assertThat(rooms.create("as usual").id()).isIn(ahead);
    }

    @Test
    void nothingIsMadeWhileThereIsSomethingMoreUrgent() {
        rooms.spares.round(() -> false);
        assertThat(rooms.backend.running()).isEmpty();
    }

    @Test
    void sparesAreNeitherStoppedNorSweptUntilTheirWorkspaceIsNotComing() throws Exception {
        var ahead = filled();
        rooms.provisioner.takeStock("gone");
        rooms.provisioner.sweep();
        assertThat(rooms.backend.running()).isEqualTo(ahead);
        // Taken by somebody whose transaction failed.
        var lost = rooms.spares.take(rooms.create("template").profile()).orElseThrow();
        rooms.provisioner.sweep();
        assertThat(rooms.backend.running()).contains(lost);
        rooms.clock.turn(Duration.ofSeconds(61));
        rooms.spares.round(() -> false);
        rooms.provisioner.sweep();
        assertThat(rooms.backend.running()).doesNotContain(lost);
    }

    @Test
    void oneThatDiesOrFallsIllIsReplacedAfterAPause() {
        var ahead = new HashSet<>(filled());
        var ill = ahead.iterator().next();
        rooms.backend.tell(new News.Health(ill, 1, false, "no answer"));
        await().until(() -> !rooms.backend.runs(ill));
        assertThat(filled()).hasSize(1);
        rooms.clock.turn(Duration.ofSeconds(2));
        assertThat(filled()).hasSize(2);
        var dying = rooms.backend.running().iterator().next();
        rooms.backend.kill(dying);
        rooms.clock.turn(Duration.ofSeconds(1));
        assertThat(filled()).as("the pause is longer now").hasSize(1);
        rooms.clock.turn(Duration.ofSeconds(2));
        assertThat(filled()).hasSize(2).doesNotContain(dying, ill);
    }

    @Test
    void aBackendThatRefusesIsNotAskedAgainAtOnce() {
        rooms.backend.refuse("no room");
        assertThat(filled()).isEmpty();
        rooms.backend.refuse("");
        assertThat(filled()).isEmpty();
        rooms.clock.turn(Duration.ofSeconds(2));
        assertThat(filled()).hasSize(2);
    }

    @Test
    void thoseNobodyTookEndWithThePlatform() {
        filled();
        rooms.spares.close();
        assertThat(rooms.backend.running()).isEmpty();
        assertThat(filled()).isEmpty();
    }

    @Test
    void whoDoesNotLeadAnyMoreGivesNoneAway() {
        var ahead = filled();
        rooms.spares.rest();
        assertThat(rooms.create("cold").id()).isNotIn(ahead);
        rooms.provisioner.sweep();
        assertThat(rooms.backend.running()).isEmpty();
    }

    @Test
    void aRequestThatIsRefusedTakesNone() {
        filled();
        var orphan = Json.object().put("name", "x").put("parent_id", "00000000-0000-0000-0000-000000000001");
        for (int i = 0; i < 5; i++) {
            assertThatThrownBy(() -> rooms.create(orphan)).isInstanceOf(Refusal.class);
        }
        assertThat(rooms.create("x").id()).isIn(rooms.backend.running());
    }
}
