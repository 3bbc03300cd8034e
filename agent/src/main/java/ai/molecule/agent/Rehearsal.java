package ai.molecule.agent;

import ai.molecule.agent.echo.EchoEngine;
import ai.molecule.agent.uplink.Addresses;
import ai.molecule.protocol.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;

/// Goes through an agent's start and one call without a platform, so that the JVM can note which classes a
/// start needs (JEP 514).
final class Rehearsal {

    private Rehearsal() {}

    /// Rehearses once.
    public static void main(String[] arguments) throws IOException, InterruptedException {
        var state = Files.createTempDirectory("rehearsal");
        var settings = AgentSettings.read(Map.of(
                "WORKSPACE_ID",
                "00000000-0000-0000-0000-000000000000",
                "PORT",
                "0",
                "WORKSPACE_CONFIG_PATH",
                state.toString()));
        settings.home().keep("rehearsal");
        var secret = new InboundSecret();
        secret.learn("rehearsal");
        var line = new PlatformLine(new Addresses(List.of(settings.platform())));
        line.use(settings.home().credential());
        var tasks = new Tasks(new EchoEngine(name -> null), line::consult);
        try (var server = AgentServer.open("127.0.0.1", 0, new A2aEndpoint(tasks), secret, new byte[0]);
                var client = HttpClient.newBuilder()
                        .version(HttpClient.Version.HTTP_1_1)
                        .build()) {
            for (var method : new String[] {"SendMessage", "message/send", "SendStreamingMessage", "message/stream"}) {
                var call = Json.object().put("jsonrpc", "2.0").put("id", 1).put("method", method);
                call.putObject("params")
                        .putObject("message")
                        .putArray("parts")
                        .addObject()
                        .put("text", "hello");
                client.send(
                        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + "/"))
                                .header("Authorization", "Bearer rehearsal")
                                .POST(HttpRequest.BodyPublishers.ofByteArray(Json.bytes(call)))
                                .build(),
                        HttpResponse.BodyHandlers.ofString());
            }
        }
        try (var files = Files.walk(state)) {
            for (var file : files.toList().reversed()) {
                Files.delete(file);
            }
        }
        System.exit(0);
    }
}
