package ai.molecule.agent.workbench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.molecule.agent.TestSurroundings;
import ai.molecule.agent.TestTools;
import ai.molecule.agent.Tools.Outcome;
import ai.molecule.protocol.Network;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// With the Model Context Protocol's own server for tests of clients as the other side, over both transports.
class WorkbenchTest {

    private static final Path EVERYTHING = Path.of(
                    "../interop/node_modules/@modelcontextprotocol/server-everything/dist")
            .toAbsolutePath()
            .normalize();

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path directory;

    private final Map<String, String> secrets = new HashMap<>();
    private final Map<String, String> files = new HashMap<>();
    private final TestSurroundings around = new TestSurroundings(secrets, "Mechanic", "", files, List.of());
    private final TestTools platform = new TestTools();

    private Workbench bench(String allowed) {
        var environment = Map.of(
                Permissions.VARIABLE,
                allowed,
                Workbench.DIRECTORY,
                directory.resolve("workspace").toString(),
                "PATH",
                node().getParent() + File.pathSeparator + "/usr/bin:/bin",
                Permissions.READABLE,
                EVERYTHING.resolve("../../..").normalize() + File.pathSeparator + node().getParent());
        return new Workbench(platform, around, () -> environment, directory, Network.DIRECT);
    }

    private static Path node() {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator, -1))
                .map(path -> Path.of(path, "node"))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(Path.of("/usr/bin/node"));
    }

    private static void assumeServer() {
        assumeTrue(
                Files.exists(EVERYTHING) && Files.isExecutable(node()),
                "there is no server to test with: npm --prefix interop ci installs it");
        assumeTrue(Confined.missing().isEmpty(), Confined.missing());
    }

    private static List<String> names(Workbench bench) throws Exception {
        return bench.all().stream().map(ToolSpecification::name).toList();
    }

    private static String call(Workbench bench, String tool, String arguments) throws Exception {
        var request =
                ToolExecutionRequest.builder().name(tool).arguments(arguments).build();
        return ((Outcome.Told) bench.call(request, "")).text();
    }

    @Test
    void onlyWhatIsAllowedIsThere() throws Exception {
        assertThat(names(bench(""))).containsExactly("count", "ask");
        assertThat(names(bench("files")))
                .containsExactly("count", "ask", "list_files", "read_file", "write_file", "edit_file");
        assertThat(call(bench(""), "write_file", "{\"path\":\"a\",\"content\":\"b\"}"))
                .as("the platform's to answer")
                .isEqualTo("1");
        assertThat(directory.resolve("workspace/a")).doesNotExist();
        assertThat(bench("files, everything").trouble())
                .isEqualTo("AGENT_TOOLS: expected some of files, shell, network, mcp with commas between, or none, but"
                        + " found everything");
    }

    @Test
    void filesAndCommandsWorkInOneDirectory() throws Exception {
        assumeTrue(Confined.missing().isEmpty(), Confined.missing());
        var bench = bench("files,shell");
        assertThat(call(bench, "write_file", "{\"path\":\"a.txt\",\"content\":\"b\\na\\n\"}"))
                .isEqualTo("written");
        assertThat(call(bench, "run_command", "{\"command\":\"sort a.txt | tee b.txt\"}"))
                .isEqualTo("a\nb\n(exit code 0)");
        assertThat(call(bench, "edit_file", "{\"path\":\"b.txt\",\"before\":\"a\",\"after\":\"c\"}"))
                .isEqualTo("changed");
        assertThat(call(bench, "read_file", "{\"path\":\"b.txt\"}")).isEqualTo("c\nb\n");
        assertThat(call(bench, "list_files", "{}")).contains("a.txt  4", "b.txt  4");
        assertThat(call(bench, "read_file", "{\"path\":\"../x\"}")).startsWith("Refused: ");
        assertThat(call(bench, "read_file", "{}")).isEqualTo("Refused: expected \"path\", a text");
        assertThat(call(bench, "read_file", "{\"path\":")).startsWith("The arguments are no JSON");
    }

    @Test
    void aServerThatIsACommandIsConfinedAndGivesItsTools() throws Exception {
        assumeServer();
        secrets.put("GREETING", "s3cret-greeting");
        files.put("config.yaml", """
                mcp_servers:
                  every:
                    command: node
                    args: [%s, stdio]
                    env: {HELLO: "${GREETING}"}
                """.formatted(EVERYTHING.resolve("index.js")));
        var bench = bench("shell,mcp");
        assertThat(bench.trouble()).isEmpty();
        assertThat(names(bench))
                .as(bench.trouble())
                .contains("count", "run_command", "every__echo", "every__get-sum", "every__get-env");
        assertThat(call(bench, "every__echo", "{\"message\":\"hello\"}")).isEqualTo("Echo: hello");
        assertThat(call(bench, "every__get-sum", "{\"a\":2,\"b\":3}")).contains("5");
        assertThat(call(bench, "every__get-sum", "{\"a\":\"two\"}")).startsWith("The call failed: ");
        assertThat(call(bench, "every__get-env", "{}"))
                .contains("s3cret-greeting", directory.resolve("workspace").toString())
                .doesNotContain("AGENT_TOOLS");
        assertThat(bench.trouble()).isEmpty();

        var program = ProcessHandle.current()
                .descendants()
                .filter(one -> one.info().commandLine().orElse("").contains("server-everything"))
                .findFirst()
                .orElseThrow();
        program.destroyForcibly();
        program.onExit().get();
        assertThat(call(bench, "every__echo", "{\"message\":\"hello\"}")).startsWith("The call failed: ");
        assertThat(names(bench)).as("it is started again").contains("every__echo");
        assertThat(call(bench, "every__echo", "{\"message\":\"again\"}")).isEqualTo("Echo: again");

        files.clear();
        assertThat(names(bench)).as("what nobody names any more").containsExactly("count", "ask", "run_command");
        await().until(() -> ProcessHandle.current()
                .descendants()
                .noneMatch(one -> one.info().commandLine().orElse("").contains("server-everything")));
    }

    @Test
    void aServerThatIsReachedGivesItsTools() throws Exception {
        assumeServer();
        int port;
        try (var free = new ServerSocket(0)) {
            port = free.getLocalPort();
        }
        files.put("config.yaml", "mcp_servers: {every: {url: \"http://127.0.0.1:%d/mcp\"}}".formatted(port));
        var bench = bench("mcp");
        assertThat(names(bench)).containsExactly("count", "ask");
        assertThat(bench.trouble()).startsWith("mcp_servers.every: cannot be used now (");
        var builder = new ProcessBuilder(
                        node().toString(), EVERYTHING.resolve("index.js").toString(), "streamableHttp")
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD);
        builder.environment().put("PORT", String.valueOf(port));
        var server = builder.start();
        try {
            await().atMost(Duration.ofSeconds(20)).until(() -> answers(port));
            // Another one of the same name is tried at once.
            files.put("config.yaml", "mcp_servers: {all: {url: \"http://127.0.0.1:%d/mcp\"}}".formatted(port));
            assertThat(names(bench)).as(bench.trouble()).contains("all__echo");
            assertThat(bench.trouble()).isEmpty();
            assertThat(call(bench, "all__echo", "{\"message\":\"over HTTP\"}")).isEqualTo("Echo: over HTTP");
        } finally {
            server.destroyForcibly();
        }
    }

    private static boolean answers(int port) {
        try (var socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException notYet) {
            return false;
        }
    }

    @Test
    void whatIsWrongWithAServerIsSaidBeforeTheFirstMessage() throws Exception {
        files.put("config.yaml", """
                mcp_servers:
                  keyed: {url: "http://127.0.0.1:1/${TOKEN}"}
                  program: {command: node}
                """);
        var bench = bench("mcp");
        assertThat(around.missing()).isEqualTo("TOKEN: expected this secret, as config.yaml says");
        assertThat(bench.trouble())
                .isEqualTo("mcp_servers.program: whoever runs this agent allows no such server (AGENT_TOOLS)");
        secrets.put("TOKEN", "s3cret");
        var tried = bench("mcp");
        assertThat(around.missing()).isEmpty();
        await().until(() -> tried.trouble().contains("mcp_servers.keyed: cannot be used now"));
        assertThat(tried.trouble()).doesNotContain("s3cret");
        assertThat(bench("").decided("1")).isEqualTo(Optional.empty());
    }
}
