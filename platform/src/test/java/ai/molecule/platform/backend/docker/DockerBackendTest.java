package ai.molecule.platform.backend.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ai.molecule.platform.backend.AgentRuntime;
import ai.molecule.platform.backend.Backend;
import ai.molecule.platform.backend.BackendContract;
import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.HostAccess;
import ai.molecule.platform.backend.HostRules;
import ai.molecule.platform.backend.Interior;
import ai.molecule.platform.backend.News;
import ai.molecule.platform.backend.Running;
import ai.molecule.platform.backend.Size;
import ai.molecule.platform.backend.StartOrder;
import ai.molecule.platform.backend.Started;
import ai.molecule.protocol.WorkspaceId;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DockerBackendTest extends BackendContract {

    private final UUID platform = UUID.randomUUID();
    private TestEngine engine;

    @BeforeEach
    void look() throws Exception {
        engine = TestEngine.of(platform);
    }

    @AfterEach
    void clearUp() throws Exception {
        engine.clear();
        engine.close();
    }

    @Override
    protected Backend open() throws Exception {
        return DockerBackend.open(TestEngine.settings(platform));
    }

    @Override
    protected AgentRuntime echo() {
        return new AgentRuntime("echo", TestEngine.IMAGE, 8000, List.of(), 60, 1);
    }

    @Override
    protected void crash(Started started) throws Exception {
        engine.kill(started.handle());
    }

    @Override
    protected boolean alive(Started started) {
        return engine.runs(started.handle());
    }

    private StartOrder order(WorkspaceId id, String image) {
        var runtime = new AgentRuntime("other", image, 8000, List.of(), 60, 1);
        return new StartOrder(
                id,
                1,
                runtime,
                new Size(256, 0.5),
                HostAccess.NONE,
                "",
                URI.create("http://127.0.0.1:9/"),
                "an enrolment",
                Map.of("KEY", "v"));
    }

    @Test
    void whoOpensItAgainFindsWhatRuns() throws Exception {
        var id = WorkspaceId.random();
        var started = backend.start(order(id, 3));
        backend.close();
        backend = open();
        listen(backend);
        assertThat(backend.list()).extracting(one -> one.generation()).containsExactly(3L);
        assertThat(backend.start(order(id, 3))).isEqualTo(started);
        crash(started);
        await().atMost(PATIENCE).until(() -> deaths.size() == 1);
    }

    @Test
    void anAgentMadeAheadIsTakenAsItIsEvenByWhoDidNotMakeIt() throws Exception {
        var id = WorkspaceId.random();
        var order = order(id, StartOrder.FIRST);
        assertThat(backend.prepare(StartOrder.ahead(id, order.runtime(), order.size(), order.platformUrl())))
                .isEmpty();
        var ahead = backend.list().getFirst().handle();
        assertThat(engine.run(ahead, "ls", "-A", "/configs")).isEmpty();
        backend.close();
        backend = open();
        listen(backend);
        assertThat(backend.start(order).handle()).isEqualTo(ahead);
        assertThat(engine.run(ahead, "cat", "/configs/.secrets.json")).contains("hidden");
        assertThat(engine.run(ahead, "cat", "/configs/.auth_token")).isEqualTo("an enrolment");
    }

    @Test
    void anAgentMadeAheadForSomethingElseIsReplaced() throws Exception {
        var id = WorkspaceId.random();
        var order = order(id, StartOrder.FIRST);
        backend.prepare(StartOrder.ahead(id, order.runtime(), new Size(512, 1), order.platformUrl()));
        var ahead = backend.list().getFirst().handle();
        var started = backend.start(order);
        assertThat(started.handle()).isNotEqualTo(ahead);
        assertThat(backend.list()).containsExactly(new Running(id, StartOrder.FIRST, started.handle()));
        assertThat(deaths).isEmpty();
    }

    @Test
    void anImageThatDoesNotWaitIsNotMadeAhead() throws Exception {
        var order = order(WorkspaceId.random(), "molecule-local/base:latest");
        assertThat(backend.prepare(order).orElseThrow()).contains("ai.molecule.order=file");
        assertThat(engine.left()).containsExactly(0, 0, 0);
    }

    @Test
    void aDeathWhileNobodyListenedIsToldOnce() throws Exception {
        var id = WorkspaceId.random();
        var started = backend.start(order(id, 1));
        backend.close();
        crash(started);
        backend = open();
        listen(backend);
        backend.list();
        backend.list();
        await().atMost(PATIENCE).until(() -> deaths.size() == 1);
        assertThat(deaths.getFirst().how()).startsWith("exited with code 137");
        assertThat(backend.list()).isEmpty();
    }

    @Test
    void whatNobodyKnowsIsSweptWhateverIsLeftOfIt() throws Exception {
        var kept = WorkspaceId.random();
        backend.start(order(kept, 1));
        backend.start(order(WorkspaceId.random(), 1));
        // A crash before the container, one before the network: what each leaves.
        var labels = new Labels(platform);
        new Shelf(engine.engine(), labels).ensure(WorkspaceId.random(), HostAccess.NONE);
        new Networks(engine.engine(), labels, TestEngine.settings(platform).subnets()).ensure(WorkspaceId.random());
        assertThat(engine.left()).containsExactly(2, 3, 3);
        backend.sweep(id -> id.equals(kept) ? Backend.Claim.EVERYTHING : Backend.Claim.NOTHING);
        assertThat(engine.left()).containsExactly(1, 1, 1);
        backend.purge(kept, false);
        assertThat(engine.left()).containsExactly(0, 0, 0);
    }

    @Test
    void aStartThatFailsSaysWhyAndLeavesNoContainer() throws Exception {
        var id = WorkspaceId.random();
        assertThatThrownBy(() -> backend.start(order(id, "127.0.0.1:1/no/such:image")))
                .hasMessageContaining("Expected to pull 127.0.0.1:1/no/such:image, but:");
        assertThat(engine.left().getFirst()).isZero();
    }

    @Test
    void whatItIsConfiguredWithLiesBesideItsEnrolment() throws Exception {
        var id = WorkspaceId.random();
        var first = backend.start(order(id, 1)
                .configured(Map.of("config.yaml", "role: tests\n", "skills/review/SKILL.md", "Read it twice.")));
        assertThat(engine.run(first.handle(), "cat", "/configs/config.yaml", "/configs/skills/review/SKILL.md"))
                .isEqualTo("role: tests\nRead it twice.");
        assertThat(engine.run(first.handle(), "sh", "-c", "touch /configs/skills/review/mine && echo it may"))
                .contains("it may");
        backend.stop(id);
        var second = backend.start(order(id, 2).configured(Map.of("config.yaml", "role: again\n")));
        assertThat(engine.run(second.handle(), "cat", "/configs/config.yaml", "/configs/skills/review/SKILL.md"))
                .as("a file that is not configured any more is empty")
                .isEqualTo("role: again");
        assertThat(engine.run(second.handle(), "cat", "/configs/.auth_token")).isEqualTo("an enrolment");
    }

    @Test
    void theLastLinesOfADeathAreTold() throws Exception {
        var id = WorkspaceId.random();
        var order = new StartOrder(
                id,
                1,
                echo(),
                new Size(256, 0.5),
                HostAccess.NONE,
                "",
                URI.create("not-a-url"),
                "an enrolment",
                Map.of());
        backend.start(order);
        await().atMost(PATIENCE).until(() -> deaths.size() == 1);
        assertThat(deaths.getFirst().how())
                .startsWith("exited with code 64; last lines:")
                .contains("PLATFORM_URL: expected http");
        assertThat(backend.logTail(id, 5)).isNotEmpty();
    }

    @Test
    void aTerminalIsTypedIntoResizedAndLeft() throws Exception {
        var id = WorkspaceId.random();
        backend.start(order(id, 1));
        var screen = new Screen();
        try (var terminal = backend.interior().open(id, 100, 40, screen)) {
            screen.await("$");
            terminal.type("id -u; stty size\n".getBytes(StandardCharsets.UTF_8));
            screen.await("10001\r\n40 100");
            terminal.resize(132, 50);
            terminal.type("stty size\n".getBytes(StandardCharsets.UTF_8));
            screen.await("50 132");
            terminal.type("exit\n".getBytes(StandardCharsets.UTF_8));
            await().atMost(PATIENCE).untilTrue(screen.ended);
        }
    }

    @Test
    void aTerminalThatIsClosedLeavesNoShellBehind() throws Exception {
        var id = WorkspaceId.random();
        var started = backend.start(order(id, 1));
        var screen = new Screen();
        var terminal = backend.interior().open(id, 80, 24, screen);
        terminal.type("trap '' INT; sleep 300; sleep 301\n".getBytes(StandardCharsets.UTF_8));
        await().atMost(PATIENCE).until(() -> engine.run(started.handle(), "ps").contains("sleep 300"));
        terminal.close();
        await().atMost(PATIENCE).until(() -> !engine.run(started.handle(), "ps").matches("(?s).*(sleep 30|sh -l).*"));
    }

    private static final class Screen implements Interior.Screen {

        private final List<String> shown = new CopyOnWriteArrayList<>();
        private final AtomicBoolean ended = new AtomicBoolean();

        @Override
        public void show(byte[] output) {
            shown.add(new String(output, StandardCharsets.UTF_8));
        }

        @Override
        public void ended() {
            ended.set(true);
        }

        void await(String expected) {
            org.awaitility.Awaitility.await(expected)
                    .atMost(PATIENCE)
                    .until(() -> String.join("", shown).contains(expected));
        }
    }

    @Test
    void aFailingHealthCheckIsToldAndItsEndToo() throws Exception {
        var image = TestEngine.PREFIX + "checked-often:latest";
        engine.build(
                image,
                "HEALTHCHECK --interval=500ms --timeout=1s --retries=2 CMD [\"/usr/bin/busybox\", \"test\", \"!\","
                        + " \"-e\", \"/workspace/sick\"]");
        var id = WorkspaceId.random();
        var started = backend.start(order(id, image));
        awaitHealth(true);
        engine.run(started.handle(), "touch", "/workspace/sick");
        awaitHealth(false);
        news.clear();
        engine.run(started.handle(), "rm", "/workspace/sick");
        awaitHealth(true);
        assertThat(deaths).isEmpty();
    }

    private StartOrder order(HostAccess host) {
        var order = order(WorkspaceId.random(), 1);
        return new StartOrder(
                order.workspace(),
                1,
                order.runtime(),
                order.size(),
                host,
                "",
                order.platformUrl(),
                order.enrolment(),
                order.secrets());
    }

    private void openTo(Path root) throws BackendException {
        backend.close();
        backend = DockerBackend.open(
                TestEngine.settings(platform, DockerSettings.Network.OWN, new HostRules(List.of(root), false)));
    }

    @Test
    void aDirectoryOfTheHostTakesTheVolumesPlace(@TempDir Path root) throws Exception {
        openTo(root);
        var work = Files.createDirectory(root.resolve("work"));
        Files.setPosixFilePermissions(work, PosixFilePermissions.fromString("rwxrwxrwx"));
        var writer = backend.start(order(new HostAccess(work.toString(), false, false)));
        engine.run(writer.handle(), "sh", "-c", "echo from inside > /workspace/note");
        assertThat(work.resolve("note")).hasContent("from inside");
        var reader = backend.start(order(new HostAccess(work.toString(), true, false)));
        assertThat(engine.run(reader.handle(), "cat", "/workspace/note")).isEqualTo("from inside");
        assertThat(engine.run(reader.handle(), "sh", "-c", "echo more > /workspace/other"))
                .contains("Read-only file system");
        assertThat(engine.left()).as("no volume was made for it").containsExactly(2, 2, 0);
    }

    @Test
    void whatIsNotAllowedAnyMoreIsStopped(@TempDir Path root) throws Exception {
        openTo(root);
        var work = Files.createDirectory(root.resolve("work"));
        var started = backend.start(order(new HostAccess(work.toString(), true, false)));
        var other = backend.start(order(HostAccess.NONE));
        backend.close();
        backend = open();
        listen(backend);
        await().atMost(PATIENCE).until(() -> deaths.size() == 1);
        assertThat(alive(started)).isFalse();
        assertThat(alive(other)).isTrue();
    }

    @Test
    void aDirectoryThatBecameALinkIsNotMounted(@TempDir Path root) throws Exception {
        openTo(root);
        var link = Files.createSymbolicLink(root.resolve("work"), Path.of("/etc"));
        assertThatThrownBy(() -> backend.start(order(new HostAccess(link.toString(), false, false))))
                .hasMessageContaining("without symbolic links");
        assertThatThrownBy(() -> backend.start(order(new HostAccess("/etc", true, false))))
                .hasMessageContaining("WORKSPACE_ROOTS");
        assertThatThrownBy(() -> backend.start(order(new HostAccess("", false, true))))
                .hasMessageContaining("ALLOW_PRIVILEGED_WORKSPACES");
        assertThat(backend.list()).isEmpty();
    }

    private void awaitHealth(boolean well) {
        await().atMost(PATIENCE)
                .until(() -> news.stream().anyMatch(one -> one instanceof News.Health health && health.well() == well));
    }

    @Test
    void onTheHostsNetworkAnAgentListensOnItsLoopback() throws Exception {
        backend.close();
        backend = DockerBackend.open(TestEngine.settings(platform, DockerSettings.Network.HOST, HostRules.NOTHING));
        var started = backend.start(order(WorkspaceId.random(), 1));
        assertThat(started.address().getHost()).isEqualTo("127.0.0.1");
        await().atMost(PATIENCE).until(() -> {
            try (var socket = new Socket()) {
                socket.connect(new InetSocketAddress(
                        InetAddress.getLoopbackAddress(), started.address().getPort()));
                return true;
            } catch (java.io.IOException notYet) {
                return false;
            }
        });
        assertThat(engine.inspect(started.handle()).getHostConfig().getNetworkMode())
                .isEqualTo("host");
    }

    @Test
    void stepsAreTold() throws Exception {
        backend.start(order(WorkspaceId.random(), 1));
        assertThat(news.stream()
                        .filter(one -> one instanceof News.Step)
                        .map(one -> ((News.Step) one).step().replaceFirst(";.*", "")))
                .containsExactly("creating", "starting", "registering");
    }

    @Test
    void moreThanTheMachineHasIsClampedAndSaidSo() throws Exception {
        var order = new StartOrder(
                WorkspaceId.random(),
                1,
                echo(),
                new Size(256, 1000),
                HostAccess.NONE,
                "",
                URI.create("http://127.0.0.1:9/"),
                "an enrolment",
                Map.of());
        assertThat(alive(backend.start(order))).isTrue();
        assertThat(news.toString()).contains("processors").contains("less than the tier's 1000.0");
    }
}
