package ai.molecule.platform.backend.flyio;

import ai.molecule.platform.backend.AgentRuntime;
import ai.molecule.platform.backend.Backend;
import ai.molecule.platform.backend.BackendContract;
import ai.molecule.platform.backend.Started;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;

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
}
