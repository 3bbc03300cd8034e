package ai.molecule.conformance;

import ai.molecule.protocol.Json;
import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/// An image, run as the docker backend runs one: as user 10001, without capabilities, on a read-only root, in a
/// network of its own. Needs a Docker engine of this machine, and its command.
final class ContainerTarget implements Target {

    private static final Duration PATIENCE = Duration.ofMinutes(5);
    private static final String USER = "10001:10001";

    /// By which leftovers are found, should there be any.
    private static final String LABEL = "ai.molecule.conformance";

    private static final String SECRETS_BY = "{{index .Config.Labels \"ai.molecule.secrets\"}}";

    private final String image;
    private final int port;
    private final String engine;
    private final String name = "conformance-" + UUID.randomUUID();
    private final Path home;
    private final InetAddress gateway;
    private boolean made;

    /// @param port where its agent listens
    /// @param engine the Docker engine's address, as in `DOCKER_HOST`; empty for what Docker's command takes by
    /// itself
    /// @throws IOException when no engine answers, or it has no such image
    ContainerTarget(String image, int port, String engine) throws IOException, InterruptedException {
        this.image = image;
        this.port = port;
        this.engine = engine;
        if (!docker("image", "inspect", image).ended()) {
            docker("pull", "-q", image).must("get the image " + image);
        }
        docker("network", "create", "--label", LABEL, name).must("make a network");
        try {
            var address = docker("network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", name)
                    .must("look at a network");
            this.gateway = InetAddress.getByName(address);
            this.home = Files.createTempDirectory("conformance-");
        } catch (IOException failed) {
            docker("network", "rm", name);
            throw failed;
        }
    }

    /// Where a platform is reached from inside.
    InetAddress gateway() {
        return gateway;
    }

    @Override
    public String name() {
        return image;
    }

    @Override
    public void start(PlayedPlatform platform, String enrolment) throws IOException, InterruptedException {
        var configs = home.resolve("configs");
        if (!made) {
            for (var directory : List.of(configs, home.resolve("workspace"))) {
                Files.createDirectories(directory);
                // Whoever it runs as: this is not the machine where it works.
                Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxrwxrwx"));
            }
            Files.writeString(configs.resolve(".auth_token"), enrolment);
            Files.setPosixFilePermissions(configs.resolve(".auth_token"), PosixFilePermissions.fromString("rw-rw-rw-"));
            Files.writeString(configs.resolve(".secrets.json"), Json.texts(platform.secrets()));
            Files.setPosixFilePermissions(
                    configs.resolve(".secrets.json"), PosixFilePermissions.fromString("rw-rw-rw-"));
            create(platform);
            made = true;
        }
        docker("start", name).must("start a container");
    }

    private void create(PlayedPlatform platform) throws IOException, InterruptedException {
        var command = new ArrayList<>(
                List.of("create", "--init", "--label", LABEL, "--name", name, "--network", name, "--user", USER));
        command.addAll(List.of("--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"));
        command.addAll(List.of(
                "--tmpfs", "/tmp:rw,noexec,nosuid,size=64m,mode=1777", "--memory", "1g", "--pids-limit", "512"));
        command.addAll(List.of("-v", home.resolve("configs") + ":/configs"));
        command.addAll(List.of("-v", home.resolve("workspace") + ":/workspace"));
        var environment = new TreeMap<>(Map.of(
                "WORKSPACE_ID",
                platform.workspace().toString(),
                "WORKSPACE_CONFIG_PATH",
                "/configs",
                "PLATFORM_URL",
                platform.url().toString(),
                "MOLECULE_URL",
                platform.url().toString(),
                "HOST",
                "0.0.0.0",
                "PORT",
                String.valueOf(port)));
        var byFile =
                docker("image", "inspect", "--format", SECRETS_BY, image).said().equals("file");
        if (!byFile) {
            platform.secrets().forEach(environment::putIfAbsent);
        }
        environment.forEach((variable, value) -> command.addAll(List.of("-e", variable + "=" + value)));
        command.add(image);
        docker(command.toArray(String[]::new)).must("make a container of " + image);
    }

    /// Its address on the network that it has to itself; what the platform runs it calls at the root, too.
    @Override
    public URI reachable(URI registered) {
        try {
            var address = docker(
                            "inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name)
                    .must("look at a container");
            return URI.create("http://" + address + ":" + port + "/");
        } catch (IOException gone) {
            return registered;
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            return registered;
        }
    }

    @Override
    public boolean alive() throws InterruptedException {
        return docker("inspect", "--format", "{{.State.Running}}", name).said().equals("true");
    }

    @Override
    public boolean stop(Duration patience) throws IOException, InterruptedException {
        docker("kill", "--signal", "TERM", name).must("stop a container");
        return awaitEnd(patience);
    }

    @Override
    public boolean awaitEnd(Duration patience) throws InterruptedException {
        var deadline = System.nanoTime() + patience.toNanos();
        while (alive()) {
            if (System.nanoTime() > deadline) {
                return false;
            }
            Thread.sleep(Duration.ofMillis(100));
        }
        return true;
    }

    @Override
    public String lastWords() throws InterruptedException {
        return docker("logs", "--tail", "20", name).said();
    }

    @Override
    public void close() {
        try {
            docker("rm", "-f", "-v", name);
            docker("network", "rm", name);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
        Directories.delete(home);
    }

    /// What a command of Docker said.
    private record Said(boolean ended, String said) {
        String must(String what) throws IOException {
            if (!ended) {
                throw new IOException("Docker could not " + what + ": " + said);
            }
            return said;
        }
    }

    private Said docker(String... arguments) throws InterruptedException {
        var command = new ArrayList<>(List.of("docker"));
        command.addAll(List.of(arguments));
        try {
            var builder = new ProcessBuilder(command).redirectErrorStream(true);
            if (!engine.isEmpty()) {
                builder.environment().put("DOCKER_HOST", engine);
            }
            var process = builder.start();
            process.getOutputStream().close();
            var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            var ended = process.waitFor(PATIENCE.toNanos(), TimeUnit.NANOSECONDS) && process.exitValue() == 0;
            return new Said(ended, said);
        } catch (IOException missing) {
            return new Said(false, "there is no docker command (" + missing.getMessage() + ")");
        }
    }
}
