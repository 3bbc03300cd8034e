package ai.molecule.platform.backend.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ai.molecule.platform.TestHouse;
import ai.molecule.platform.backend.Backend;
import ai.molecule.platform.backend.BackendContract;
import ai.molecule.platform.backend.Started;
import ai.molecule.protocol.WorkspaceId;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProcessBackendTest extends BackendContract {

    @TempDir
    private Path directory;

    @Override
    protected Backend open() throws IOException {
        return ProcessBackend.open(directory, AgentProgram.beside(TestHouse.AGENT_JAR));
    }

    @Override
    protected void crash(Started started) {
        process(started).destroyForcibly();
    }

    @Override
    protected boolean alive(Started started) {
        return ProcessHandle.of(pid(started)).filter(ProcessHandle::isAlive).isPresent();
    }

    private static long pid(Started started) {
        return Long.parseLong(started.handle().substring("pid:".length()));
    }

    private static ProcessHandle process(Started started) {
        return ProcessHandle.of(pid(started)).orElseThrow();
    }

    @Test
    void nothingOfThePlatformsEnvironmentLeaksIn() throws Exception {
        var started = backend.start(order(WorkspaceId.random(), 1));
        // Nothing stands there while a process becomes the program that it runs.
        var environment = await().until(
                        () -> Files.readString(
                                Path.of("/proc/" + pid(started) + "/environ"), StandardCharsets.ISO_8859_1),
                        text -> !text.isEmpty());
        assertThat(Arrays.stream(environment.split("\0", -1))
                        .filter(entry -> !entry.isEmpty())
                        .map(entry -> entry.replaceFirst("=.*", "")))
                .containsExactlyInAnyOrder(
                        "PATH",
                        "HOME",
                        "LANG",
                        "WORKSPACE_ID",
                        "WORKSPACE_CONFIG_PATH",
                        "PLATFORM_URL",
                        "RUNTIME",
                        "HOST",
                        "PORT",
                        "AGENT_TOOLS",
                        "MOLECULE_SECRETS",
                        "WORKSPACE_DIR",
                        "LIFELINE",
                        "MOLECULE_INSTANCE",
                        "A_SECRET");
        assertThat(environment).doesNotContain("an enrolment");
    }

    @Test
    void itsDirectoryIsItsOwnAndItsCredentialReadableByNobodyElse() throws Exception {
        var id = WorkspaceId.random();
        var started = backend.start(order(id, 1));
        var home = directory.toRealPath().resolve("workspaces").resolve(id.toString());
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home.resolve("configs/.auth_token"))))
                .isEqualTo("rw-------");
        assertThat(Path.of("/proc/" + pid(started) + "/cwd").toRealPath()).isEqualTo(home.resolve("workspace"));
    }

    @Test
    void theOperatingSystemLimitsIt() throws Exception {
        var started = backend.start(order(WorkspaceId.random(), 1));
        // prlimit sets the limits and then becomes the agent.
        await().atMost(PATIENCE)
                .until(() -> Files.readString(
                                Path.of("/proc/" + pid(started) + "/cmdline"), StandardCharsets.ISO_8859_1)
                        .contains("-Xmx128m"));
        await().atMost(PATIENCE)
                .untilAsserted(() -> assertThat(Files.readString(Path.of("/proc/" + pid(started) + "/limits")))
                        .containsPattern("Max core file size +0 ")
                        .containsPattern("Max open files +4096 "));
    }

    @Test
    void whatAKilledPlatformLeftIsStoppedWhenTheNextOpens() throws Exception {
        // A child that ignores the end of its input, as no agent of ours does: only its mark betrays it.
        var builder = new ProcessBuilder("sleep", "300");
        builder.environment().clear();
        new ChildMark(directory.toRealPath().resolve("workspaces")).put(builder.environment(), WorkspaceId.random(), 1);
        var orphan = builder.start();
        try (var next = open()) {
            await().atMost(PATIENCE).until(() -> !orphan.isAlive());
            assertThat(next.list()).isEmpty();
        }
    }

    @Test
    void anAgentEndsWithItsParentsPipe() throws Exception {
        var started = backend.start(order(WorkspaceId.random(), 1));
        var agent = process(started);
        ((ProcessBackend) backend).dropLifelines();
        await().atMost(PATIENCE).until(() -> !agent.isAlive());
    }

    @Test
    void logsAreBounded() throws IOException {
        var log = new BoundedLog(directory.resolve("x.log"));
        var line = "x".repeat(1023) + "\n";
        log.pump(new ByteArrayInputStream(line.repeat(4096).getBytes(StandardCharsets.UTF_8)));
        var size = Files.size(directory.resolve("x.log")) + Files.size(directory.resolve("x.log.1"));
        assertThat(size).isBetween(BoundedLog.BYTES_MAX / 2L, BoundedLog.BYTES_MAX + 4096L);
        assertThat(log.tail(3)).containsExactly(line.strip(), line.strip(), line.strip());
    }

    @Test
    void aLineWithoutEndIsBoundedToo() throws IOException {
        var log = new BoundedLog(directory.resolve("y.log"));
        log.pump(new ByteArrayInputStream("y".repeat(5_000_000).getBytes(StandardCharsets.UTF_8)));
        var size = Files.size(directory.resolve("y.log")) + Files.size(directory.resolve("y.log.1"));
        assertThat(size).isLessThan(BoundedLog.BYTES_MAX + 8192L);
    }
}
