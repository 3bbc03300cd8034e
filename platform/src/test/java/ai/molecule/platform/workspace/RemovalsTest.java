package ai.molecule.platform.workspace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.molecule.platform.TestRooms;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Refusal;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RemovalsTest {

    private final TestRooms rooms = new TestRooms();
    private final Removals removals = new Removals(rooms.lives, rooms.access, rooms.database, rooms.clock);

    @AfterEach
    void close() {
        rooms.close();
    }

    private Workspace ephemeral(String name) {
        return rooms.create(
                Json.object().put("name", name).put("external", true).put("ttl", 3600));
    }

    /// Looks once a second, as the loop does.
    private void pass(Duration time) {
        for (var second = 0; second < time.toSeconds(); second++) {
            rooms.clock.turn(Duration.ofSeconds(1));
            removals.round();
        }
    }

    private void fallSilent(Workspace workspace) {
        rooms.lives.change(
                workspace.id(), found -> found.with(found.life().silent("not heard", rooms.clock.instant())));
    }

    private boolean removed(Workspace workspace) {
        return rooms.lives.change(workspace.id(), found -> found).life() instanceof Life.Removed;
    }

    @Test
    void whoseAgentIsLostIsRemovedAfterAWhile() {
        var lost = ephemeral("lost");
        var stays = rooms.createExternal("not ephemeral");
        rooms.register(lost);
        rooms.register(stays);
        pass(Duration.ofMinutes(2));
        fallSilent(lost);
        fallSilent(stays);
        pass(Duration.ofSeconds(59));
        assertThat(removed(lost)).isFalse();
        pass(Duration.ofSeconds(2));
        assertThat(removed(lost)).isTrue();
        assertThat(rooms.lives.change(lost.id(), found -> found).life().reason())
                .isEqualTo("its agent was lost: not heard");
        assertThat(removed(stays)).isFalse();
    }

    @Test
    void whoComesBackInTimeStays() {
        var back = ephemeral("back");
        rooms.register(back);
        pass(Duration.ofMinutes(2));
        fallSilent(back);
        pass(Duration.ofSeconds(50));
        rooms.register(back);
        pass(Duration.ofMinutes(10));
        assertThat(removed(back)).isFalse();
    }

    @Test
    void nobodyIsRemovedForASilenceInWhichWeDidNotListen() {
        var lost = ephemeral("lost while we were away");
        rooms.register(lost);
        pass(Duration.ofMinutes(2));
        fallSilent(lost);
        rooms.clock.turn(Duration.ofMinutes(10));
        removals.round();
        assertThat(removed(lost)).as("it gets its chance").isFalse();
        pass(Duration.ofSeconds(61));
        assertThat(removed(lost)).isTrue();
    }

    @Test
    void itsTimeIsOverWhetherWeListenedOrNot() {
        var over = ephemeral("over");
        rooms.clock.turn(Duration.ofHours(2));
        removals.round();
        assertThat(removed(over)).isTrue();
    }

    @Test
    void whatIsBelowGoesWithIt() {
        var above = ephemeral("above");
        var below = rooms.create(Json.object()
                .put("name", "below")
                .put("external", true)
                .put("ttl", 600000)
                .put("parent_id", above.id().toString()));
        assertThat(removals.left(above.id())).isTrue();
        assertThat(removed(below)).isTrue();
        assertThat(removals.left(above.id())).as("once").isFalse();
    }

    @Test
    void nothingThatStaysIsPutBelowWhatGoes() {
        var above = ephemeral("above");
        var stays = rooms.createExternal("stays");
        assertThatThrownBy(() -> rooms.workspaces.patch(
                        stays.id(),
                        Patch.read(Json.object().put("parent_id", above.id().toString()), true)))
                .isInstanceOf(Refusal.class)
                .hasMessageContaining("stays");
        rooms.workspaces.patch(
                stays.id(),
                Patch.read(Json.object().put("parent_id", above.id().toString()).put("ttl", 600), true));
        assertThatThrownBy(() -> rooms.workspaces.patch(
                        stays.id(), Patch.read(Json.object().put("ephemeral", false), true)))
                .isInstanceOf(Refusal.class);
    }

    @Test
    void whatHasSomethingBelowThatStaysCannotBecomeEphemeral() {
        var above = rooms.createExternal("above");
        rooms.createBelow("below", above);
        assertThatThrownBy(() -> rooms.workspaces.patch(
                        above.id(), Patch.read(Json.object().put("ttl", 600), true)))
                .isInstanceOf(Refusal.class)
                .hasMessageContaining("stays");
    }
}
