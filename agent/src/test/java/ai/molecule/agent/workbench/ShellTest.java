package ai.molecule.agent.workbench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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
        assumeTrue(Landlock.knowsTcp(), "this kernel cannot confine what a command does: Linux 6.7 with Landlock can");
        directory = temporary.resolve("workspace");
        Files.writeString(temporary.resolve("credential"), "s3cret");
    }

    private Shell shell(boolean network) {
        return new Shell(
                new Confined.Bounds(directory, network, ""),
                Map.of("PATH", "/usr/local/bin:/usr/bin:/bin", "OPENAI_API_KEY", "s3cret"));
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
                "su -c true"
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
