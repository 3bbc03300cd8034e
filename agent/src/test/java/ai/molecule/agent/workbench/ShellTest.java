package ai.molecule.agent.workbench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.molecule.protocol.McpServer;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ShellTest {

    private static final Duration LONG = Duration.ofSeconds(60);

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path temporary;

    private Path directory = Path.of("");

    @BeforeEach
    void open() throws Exception {
        assumeTrue(Confined.missing().isEmpty(), Confined.missing());
        directory = temporary.resolve("workspace");
        Files.writeString(temporary.resolve("credential"), "s3cret");
    }

    private Shell shell(boolean network) {
        return new Shell(new Walls(
                new Confined.Bounds(directory, network, ""),
                Map.of("PATH", "/usr/local/bin:/usr/bin:/bin", "OPENAI_API_KEY", "s3cret")));
    }

    @Test
    void wordsOfAllLanguagesStayWhatTheyAre() throws Exception {
        assertThat(shell(false).run("echo grüße ✓ > ä.txt; cat ä.txt; ls", Shell.PATIENCE))
                .isEqualTo("grüße ✓\nä.txt\n(exit code 0)");
    }

    @Test
    void whatACommandWroteIsTold() throws Exception {
        assertThat(shell(false).run("echo out; echo err >&2; exit 3", LONG)).isEqualTo("out\nerr\n(exit code 3)");
        assertThat(shell(false).run("true", LONG)).isEqualTo("(exit code 0)");
    }

    @Test
    void itWorksInTheDirectoryOfTheWorkspace() throws Exception {
        assertThat(shell(false)
                        .run("echo hello > a; mkdir b; mv a b/c; cat \"$HOME\"/b/c; mktemp >/dev/null && pwd", LONG))
                .isEqualTo("hello\n" + directory + "\n(exit code 0)");
        assertThat(directory.resolve("b/c")).hasContent("hello\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cat ../credential",
                "ls ..",
                "echo x > ../mine",
                "ln -s ../credential here; cat here",
                "cat /proc/%d/environ",
                "cat /proc/%d/cwd/pom.xml",
                "kill -9 %d",
                "ls /proc",
                "cat /etc/shadow",
                "ls /root /home",
                "su -c true",
                "mknod device b 1 0",
                "chown 65534 ../credential"
            })
    void itReachesNothingElse(String command) throws Exception {
        var told = shell(false).run(command.formatted(ProcessHandle.current().pid()), LONG);
        assertThat(told).doesNotContain("exit code 0").doesNotContain("s3cret");
        assertThat(temporary.resolve("mine")).doesNotExist();
    }

    @Test
    void itKnowsNothingOfTheAgent() throws Exception {
        assertThat(shell(false).run("env", LONG))
                .contains("PATH=")
                .doesNotContain("OPENAI_API_KEY")
                .doesNotContain("s3cret");
    }

    @Test
    void itHasNoNetworkUnlessThatIsAllowed() throws Exception {
        try (var server = new ServerSocket(0)) {
            var connect = "bash -c 'exec 3<>/dev/tcp/127.0.0.1/" + server.getLocalPort() + "'";
            assertThat(shell(false).run(connect, LONG)).contains("Permission denied");
            assertThat(shell(true).run(connect, LONG)).isEqualTo("(exit code 0)");
        }
    }

    @Test
    void whatTakesTooLongEndsWithAllThatItStarted() throws Exception {
        var told = shell(false).run("echo begun; (sleep 300; echo late > late) & sleep 300", Duration.ofSeconds(3));
        assertThat(told).startsWith("begun").contains("ended after 3 s");
        await().until(() -> sleeping() == 0);
    }

    @Test
    void whatStaysBehindEndsToo() throws Exception {
        assertThat(shell(false).run("(sleep 301 >/dev/null 2>&1 &) ; echo left", LONG))
                .isEqualTo("left\n(exit code 0)");
        await().until(() -> sleeping() == 0);
    }

    /// Sessions of their own, parents that have left: what was started ends.
    @ParameterizedTest
    @ValueSource(
            strings = {"setsid -f sleep 300", "(setsid sleep 301 &)", "nohup setsid sh -c 'sleep 300 & sleep 301' &"})
    void nothingLeavesItsFamily(String command) throws Exception {
        assertThat(shell(false).run(command + " >/dev/null 2>&1; echo left", LONG))
                .contains("left");
        await().until(() -> sleeping() == 0);
    }

    /// Not over MPTCP, not by sending at once, not to another program of the machine.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "s.socket(s.AF_INET, s.SOCK_STREAM, 262).connect(('127.0.0.1', %d))",
                "s.socket().sendto(b'x', 0x20000000, ('127.0.0.1', %d))",
                "s.socket(s.AF_INET, s.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', %d))",
                "s.socket(s.AF_UNIX).connect('../socket')",
                "s.socket(s.AF_UNIX, s.SOCK_DGRAM).sendto(b'x', '../socket')"
            })
    void noSocketLeadsOut(String python) throws Exception {
        assumeTrue(Files.isExecutable(Path.of("/usr/bin/python3")), "there is no python3 to try it with");
        try (var server = new ServerSocket(0);
                var local = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            local.bind(UnixDomainSocketAddress.of(temporary.resolve("socket")));
            var command = "python3 -c \"import socket as s; " + python.formatted(server.getLocalPort()) + "\"";
            assertThat(shell(false).run(command, LONG)).contains("Permission denied");
            if (python.contains("AF_UNIX")) {
                assertThat(shell(true).run(command, LONG)).contains("Permission denied");
            }
        }
    }

    @Test
    void noVariableRunsAnythingBeforeItIsConfined() throws Exception {
        var outside = temporary.resolve("outside");
        var server = shell(false)
                .confined(new McpServer(
                        "evil",
                        "",
                        Map.of(),
                        List.of("sh", "-c", "env"),
                        Map.of("JAVA_TOOL_OPTIONS", "-Xlog:gc:file=" + outside, "LD_PRELOAD", "/no/such.so")));
        var builder = new ProcessBuilder(server.command()).redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().putAll(server.environment());
        Files.createDirectories(directory);
        var process = builder.start();
        var told = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isZero();
        assertThat(told).contains("JAVA_TOOL_OPTIONS=-Xlog").doesNotContain("CONFINED_");
        assertThat(outside).doesNotExist();
    }

    @Test
    void nothingThatIsInItsPlaceKeepsACommandFromRunning() throws Exception {
        assertThat(shell(false).run("rm -rf .tmp; ln -s nowhere .tmp", LONG)).isEqualTo("(exit code 0)");
        assertThat(shell(false).run("rm .tmp; echo mended", LONG)).isEqualTo("mended\n(exit code 0)");
        assertThat(shell(false).run("mktemp | xargs dirname", LONG)).contains("/.tmp\n");
    }

    private static long sleeping() {
        return ProcessHandle.allProcesses()
                .filter(one -> one.info().commandLine().orElse("").matches(".*sleep 30[01]"))
                .count();
    }

    @Test
    void ofMuchTheBeginningAndTheEndAreTold() throws Exception {
        var told = shell(false).run("echo first; seq 1 100000; echo last", LONG);
        assertThat(told)
                .startsWith("first\n1\n2\n")
                .contains("bytes are left out")
                .endsWith("100000\nlast\n(exit code 0)");
        assertThat(told.length()).isLessThan(17_000);
    }
}
