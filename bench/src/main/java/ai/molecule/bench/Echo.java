package ai.molecule.bench;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/// An echo agent behind the platform that can be called directly too, and whose heartbeats never stop.
final class Echo implements AutoCloseable {

    private static final String CARD =
            "{\"name\":\"echo\",\"capabilities\":{\"streaming\":true},\"supportedInterfaces\":[{\"url\":\"http://127.0.0.1/\","
                    + "\"protocolBinding\":\"JSONRPC\",\"protocolVersion\":\"1.0\"}]}";

    private final Platform platform;
    private final String id;
    private final int port;
    private final String secret;
    private final Process process;
    private final Thread beating;

    private Echo(Platform platform, String id, int port, String secret, Process process) {
        this.platform = platform;
        this.id = id;
        this.port = port;
        this.secret = secret;
        this.process = process;
        this.beating = Thread.ofVirtual().start(this::beat);
    }

    static Echo start(Platform platform) throws IOException {
        var port = Platform.freePort();
        var id = platform.call(
                        "POST",
                        "/workspaces",
                        "{\"name\":\"echo\",\"runtime\":\"external\",\"max_concurrent_tasks\":1000}")
                .path("id")
                .asText();
        var secret = platform.call(
                        "POST",
                        "/registry/register",
                        "{\"id\":\"" + id + "\",\"url\":\"http://127.0.0.1:" + port + "/\",\"agent_card\":" + CARD
                                + "}")
                .path("platform_inbound_secret")
                .asText();
        var process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin/java").toString(),
                        "-XX:+UseSerialGC",
                        "-Xmx512m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        "ai.molecule.agent.BareAgent",
                        String.valueOf(port),
                        secret)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        Platform.awaitPort(port);
        return new Echo(platform, id, port, secret, process);
    }

    String id() {
        return id;
    }

    int port() {
        return port;
    }

    /// A request to the agent itself.
    byte[] direct(String method, String text) {
        return Line.request("POST", "/", secret, body(method, text));
    }

    /// The same request to the platform.
    byte[] through(String method, String text) {
        return Line.request("POST", "/workspaces/" + id + "/a2a", Platform.TOKEN, body(method, text));
    }

    private static String body(String method, String text) {
        return "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" + method
                + "\",\"params\":{\"configuration\":{},\"message\":{\"role\":\"user\",\"parts\":[{\"kind\":\"text\",\"text\":\""
                + text + "\"}]}}}";
    }

    /// Beats for an agent that does not; a silent one would be offline after 90 seconds.
    private void beat() {
        while (!Thread.currentThread().isInterrupted()) {
            try {
                platform.call("POST", "/registry/heartbeat", "{\"workspace_id\":\"" + id + "\"}");
            } catch (IOException missed) {
                System.err.println("a heartbeat was missed: " + missed);
            }
            LockSupport.parkNanos(Duration.ofSeconds(20).toNanos());
        }
    }

    @Override
    public void close() {
        beating.interrupt();
        process.destroy();
    }
}
