package ai.molecule.platform.backend.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.platform.backend.AgentRuntime;
import ai.molecule.platform.backend.Backend;
import ai.molecule.platform.backend.HostAccess;
import ai.molecule.platform.backend.HostRules;
import ai.molecule.platform.backend.Running;
import ai.molecule.platform.backend.Size;
import ai.molecule.platform.backend.StartOrder;
import ai.molecule.platform.backend.Started;
import ai.molecule.protocol.WorkspaceId;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What others undo behind the backend's back, and what was made under other settings.
class DockerRepairsTest {

    private static final Duration PATIENCE = Duration.ofSeconds(20);
    private static final int PORT = 9;

    private final UUID platform = UUID.randomUUID();
    private TestEngine engine;
    private DockerBackend backend;

    @BeforeEach
    void open() throws Exception {
        engine = TestEngine.of(platform);
        backend = DockerBackend.open(TestEngine.settings(platform));
    }

    @AfterEach
    void clearUp() throws Exception {
        backend.close();
        engine.clear();
        engine.close();
    }

    private void reopen(String range) throws Exception {
        var usual = TestEngine.settings(platform);
        backend.close();
        backend = DockerBackend.open(new DockerSettings(
                platform,
                usual.host(),
                usual.certificates(),
                Subnets.parse(range),
                usual.network(),
                usual.fence(),
                usual.registries(),
                usual.helperImage(),
                HostRules.NOTHING));
    }

    private Started start(WorkspaceId id, long generation) throws Exception {
        return backend.start(new StartOrder(
                id,
                generation,
                new AgentRuntime("echo", TestEngine.IMAGE, 8000, List.of(), 60, 1),
                new Size(256, 0.5),
                HostAccess.NONE,
                "",
                URI.create("http://127.0.0.1:" + PORT + "/"),
                "an enrolment",
                Map.of()));
    }

    @Test
    void theHousesNetworkComesBackWithItsAddress() throws Exception {
        var house = backend.listenAt().orElseThrow();
        // As `docker network prune` does, because nobody is in it.
        engine.removeHouse();
        assertThat(Reach.Beside.isHere(house)).isFalse();
        backend.sweep(any -> Backend.Claim.EVERYTHING);
        assertThat(Reach.Beside.isHere(house)).isTrue();
        engine.removeHouse();
        start(WorkspaceId.random(), 1);
        assertThat(Reach.Beside.isHere(house)).isTrue();
        assertThat(backend.listenAt()).contains(house);
    }

    @Test
    void anotherRangeIsForNewNetworksAndOldOnesGoOn() throws Exception {
        var old = WorkspaceId.random();
        var before = start(old, 1);
        var house = backend.listenAt();
        reopen("10.245.0.0/16");
        assertThat(backend.listenAt()).isEqualTo(house);
        assertThat(start(old, 1)).isEqualTo(before);
        assertThat(start(old, 2).address()).isEqualTo(before.address());
        assertThat(start(WorkspaceId.random(), 1).address().getHost()).startsWith("10.245.");
        backend.purge(old, false);
        assertThat(start(old, 3).address().getHost()).startsWith("10.245.");
    }

    @Test
    void agentsThatAreAdoptedAreFencedInAnew() throws Exception {
        start(WorkspaceId.random(), 1);
        var chain = "MOLECULE-" + new Labels(platform).brief() + "-IN";
        assertThat(command("iptables", "-w", "10", "-S", chain)).contains("--dport " + PORT, "REJECT");
        // As a packet filter that is loaded anew does.
        command("iptables", "-w", "10", "-F", chain);
        reopen("10.241.0.0/16");
        backend.serve(URI.create("http://127.0.0.1:" + PORT + "/"));
        await().atMost(PATIENCE)
                .untilAsserted(() ->
                        assertThat(command("iptables", "-w", "10", "-S", chain)).contains("--dport " + PORT, "REJECT"));
    }

    @Test
    void aContainerThatSomebodyPausedGivesWayToTheNext() throws Exception {
        var id = WorkspaceId.random();
        var frozen = start(id, 1);
        var line = engine.engine();
        line.ask(
                "pause it",
                () -> line.client().pauseContainerCmd(frozen.handle()).exec());
        var next = start(id, 2);
        assertThat(backend.list()).containsExactly(new Running(id, 2, next.handle()));
        line.ask(
                "pause it", () -> line.client().pauseContainerCmd(next.handle()).exec());
        backend.stop(id);
        assertThat(backend.list()).isEmpty();
    }

    @Test
    void aHelperThatAPlatformLeftBehindIsRemoved() throws Exception {
        var labels = new Labels(platform);
        var line = engine.engine();
        line.ask(
                "leave a helper",
                () -> line.client()
                        .createContainerCmd(TestEngine.IMAGE)
                        .withLabels(labels.house("fence"))
                        .exec());
        assertThat(engine.left().getFirst()).isEqualTo(1);
        backend.sweep(any -> Backend.Claim.EVERYTHING);
        assertThat(engine.left().getFirst()).isZero();
    }

    @Test
    void ofALongLogTheEndIsTold() throws Exception {
        var id = WorkspaceId.random();
        var container = start(id, 1).handle();
        engine.run(
                container,
                "sh",
                "-c",
                "i=0; while [ $i -lt 6000 ]; do printf '%300d\\n' $i; i=$((i+1)); done > /proc/1/fd/1");
        await().atMost(PATIENCE)
                .untilAsserted(
                        () -> assertThat(backend.logTail(id, 6000).getLast()).endsWith(" 5999"));
    }

    private static String command(String... words) throws IOException, InterruptedException {
        var process = new ProcessBuilder(words).redirectErrorStream(true).start();
        var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }
}
