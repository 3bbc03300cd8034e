package ai.molecule.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class HeartbeatTest {

    private final WorkspaceId id = WorkspaceId.random();

    @Test
    void onlyTheWorkspaceIsRequired() {
        var beat = Heartbeat.read(Json.object().put("workspace_id", id.toString()));
        assertThat(beat).isEqualTo(new Heartbeat(id, null, 0, "", 0, "", 0, false));
    }

    @Test
    void okAndAbsentAreBothHealthy() {
        var beat =
                Heartbeat.read(Json.object().put("workspace_id", id.toString()).put("runtime_state", "ok"));
        assertThat(beat.wedged()).isFalse();
    }

    @Test
    void whatIsWrittenIsReadBack() {
        var beat = new Heartbeat(id, 3L, 0.25, "oops", 2, "reading", 90, true);
        assertThat(Heartbeat.read(beat.toJson())).isEqualTo(beat);
    }

    @Test
    void anErrorRateAboveOneIsRefused() {
        var body = Json.object().put("workspace_id", id.toString()).put("error_rate", 1.5);
        assertThatThrownBy(() -> Heartbeat.read(body)).hasMessageContaining("between 0 and 1");
    }

    @Test
    void longTextsAreClipped() {
        var body = Json.object().put("workspace_id", id.toString()).put("current_task", "x".repeat(5000));
        assertThat(Heartbeat.read(body).currentTask()).hasSize(Heartbeat.TEXT_LENGTH_MAX);
    }
}
