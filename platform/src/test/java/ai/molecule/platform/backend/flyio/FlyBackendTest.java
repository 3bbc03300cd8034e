package ai.molecule.platform.backend.flyio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.molecule.platform.backend.AgentRuntime;
import ai.molecule.platform.backend.Backend;
import ai.molecule.platform.backend.BackendContract;
import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.Started;
import ai.molecule.protocol.WorkspaceId;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Machines of the emulator that run our agent.
class FlyBackendTest extends BackendContract {

    private final TestFly fly = TestFly.running();

    FlyBackendTest() throws IOException {}

    @Override
    protected Backend open() throws Exception {
        return FlyBackend.open(fly.settings(UUID.randomUUID()));
    }

    @AfterEach
    void closeFly() {
        backend.close();
        fly.close();
    }

    @Override
    protected AgentRuntime echo() {
        return new AgentRuntime("echo", "registry.example/workspace-echo:1", 8000, List.of(), 60, 1);
    }

    @Override
    protected Duration deathPatience() {
        return Duration.ofSeconds(6);
    }

    @Override
    protected void crash(Started started) {
        fly.emulator().crash(started.handle().replaceFirst("@.*", ""), 3, false);
    }

    @Override
    protected boolean alive(Started started) {
        return fly.emulator().machines().stream()
                .anyMatch(machine -> machine.state().equals("started")
                        && started.handle().equals(machine.id() + "@" + machine.version()));
    }

    @Test
    void whatItIsConfiguredWithLiesBesideItsEnrolment() throws Exception {
        var id = WorkspaceId.random();
        backend.start(order(id, 1).configured(Map.of("config.yaml", "role: tests\n", "skills/a/SKILL.md", "Read.")));
        assertThat(read(id, "/configs/skills/a/SKILL.md")).isEqualTo("Read.");
        backend.rest(id);
        backend.start(order(id, 2).configured(Map.of("config.yaml", "role: again\n")));
        assertThat(read(id, "/configs/config.yaml")).isEqualTo("role: again\n");
        assertThatThrownBy(() -> read(id, "/configs/skills/a/SKILL.md")).isInstanceOf(BackendException.class);
    }

    private String read(WorkspaceId id, String file) throws BackendException {
        return new String(backend.interior().read(id, file), StandardCharsets.UTF_8);
    }
}
