package ai.molecule.platform.backend.flyio;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.fly.FlyEmulator;
import ai.molecule.fly.FlySpec;
import ai.molecule.platform.TestHouse;
import ai.molecule.protocol.Network;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/// An emulator of Fly whose machines run our agent; everything that is said to it is held against Fly's own
/// description.
public final class TestFly implements AutoCloseable {

    private final FlyEmulator emulator;
    private final Path directory;
    private final HttpClient client = HttpClient.newHttpClient();
    private final Optional<FlySpec> spec;

    private TestFly(FlyEmulator emulator, Path directory) throws IOException {
        this.emulator = emulator;
        this.directory = directory;
        this.spec = FlySpec.find();
        spec.ifPresent(emulator::watch);
    }

    /// One whose machines run our agent.
    public static TestFly running() throws IOException {
        return running(FlyEmulator.Options.quick());
    }

    /// One with options of its own whose machines run our agent.
    public static TestFly running(FlyEmulator.Options options) throws IOException {
        return running(
                options,
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "-XX:TieredStopAtLevel=1",
                        "-Xmx64m",
                        "-jar",
                        TestHouse.AGENT_JAR.toString()));
    }

    /// One with options of its own whose machines run a command.
    public static TestFly running(FlyEmulator.Options options, List<String> command) throws IOException {
        var directory = Files.createTempDirectory("molecule-fly");
        return new TestFly(FlyEmulator.open(options.running(new FlyEmulator.Program(command, directory))), directory);
    }

    /// One whose machines have nothing behind them.
    public static TestFly imaginary(FlyEmulator.Options options) throws IOException {
        return new TestFly(FlyEmulator.open(options), Files.createTempDirectory("molecule-fly"));
    }

    public FlyEmulator emulator() {
        return emulator;
    }

    /// Settings with which a platform uses it.
    public FlySettings settings(UUID platform) {
        return new FlySettings(
                platform,
                emulator.url(),
                emulator.url(),
                "FlyV1 fm2_deploy",
                "agents",
                "ord",
                new FlyReach.Public(emulator.publicUrl()),
                FlySettings.Secrecy.APP,
                1,
                Network.DIRECT);
    }

    /// The same as variables.
    ///
    /// @param standard the backend that is the standard one
    public Map<String, String> variables(String standard) {
        return Map.of(
                "CONTAINER_BACKEND",
                standard,
                "FLY_FLAPS_BASE_URL",
                emulator.url().toString(),
                "FLY_API_BASE_URL",
                emulator.url().toString(),
                "FLY_APP_URL",
                emulator.publicUrl().toString(),
                "FLY_API_TOKEN",
                "FlyV1 fm2_deploy",
                "FLY_WORKSPACE_APP",
                "agents",
                "WORKSPACE_IMAGE_PREFIX",
                "registry.example/workspace-");
    }

    /// What a token for the app can read of its machines and secrets.
    public String everythingListed() throws IOException, InterruptedException {
        var text = new StringBuilder();
        for (var path : List.of("machines", "secrets", "volumes")) {
            var request = HttpRequest.newBuilder(emulator.url().resolve("/v1/apps/agents/" + path))
                    .header("Authorization", "FlyV1 fm2_deploy")
                    .build();
            text.append(
                    client.send(request, HttpResponse.BodyHandlers.ofString()).body());
        }
        return text.toString();
    }

    @Override
    public void close() {
        client.close();
        emulator.close();
        directory.toFile().deleteOnExit();
        spec.ifPresent(found -> assertThat(found.violations()).isEmpty());
    }
}
