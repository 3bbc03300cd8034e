package ai.molecule.platform.backend.docker;

import ai.molecule.platform.backend.BackendAwayException;
import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.BackendRefusedException;
import ai.molecule.protocol.Json;
import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.exception.DockerException;
import com.github.dockerjava.api.model.Info;
import com.github.dockerjava.api.model.Version;
import com.github.dockerjava.core.DefaultDockerClientConfig;
import com.github.dockerjava.core.DockerClientImpl;
import com.github.dockerjava.core.RemoteApiVersion;
import com.github.dockerjava.zerodep.ZerodepDockerHttpClient;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// The line to a Docker engine (Engine API 1.41 to 1.44).
///
/// Every call has a deadline, which the client library does not keep on Unix sockets: calls run on threads of
/// their own, and an interrupt closes the socket. What goes wrong is told apart: the engine said no
/// ([BackendRefusedException]), or it does not answer ([BackendAwayException]).
final class Engine implements AutoCloseable {

    static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final RemoteApiVersion OURS = RemoteApiVersion.create(1, 44);
    private static final int CONNECTIONS_MAX = 1000;

    private final DockerClient client;
    private final String host;
    private final ExecutorService calls = Executors.newThreadPerTaskExecutor(
            Thread.ofVirtual().name("docker-", 0).factory());

    private Engine(DockerClient client, String host) {
        this.client = client;
        this.host = host;
    }

    /// Connects and agrees on a version of the API.
    ///
    /// @throws BackendAwayException when nobody answers there
    /// @throws BackendException when it is an engine whose walls would not hold
    static Engine open(DockerSettings settings) throws BackendException {
        // No version in the path lets the engine answer by its own newest, which is all that this first
        // question needs.
        try (var first = new Engine(client(settings, RemoteApiVersion.UNKNOWN_VERSION), settings.host())) {
            var version = first.ask(
                    "tell its version", () -> first.client.versionCmd().exec());
            refuseOthers(
                    version,
                    first.ask("tell about itself", () -> first.client.infoCmd().exec()));
            var theirs = RemoteApiVersion.parseConfig(version.getApiVersion());
            return new Engine(client(settings, theirs.isGreaterOrEqual(OURS) ? OURS : theirs), settings.host());
        }
    }

    /// What speaks Docker's language but does not keep what we promise of it.
    private static void refuseOthers(Version version, Info info) throws BackendException {
        var components = version.getComponents();
        if (components != null
                && components.stream()
                        .anyMatch(one -> String.valueOf(one.getName()).contains("Podman"))) {
            throw new BackendException("Expected a Docker engine, but Podman answers: it does not keep the networks of"
                    + " workspaces apart, so this version of the platform does not run agents there");
        }
        var options = info.getSecurityOptions();
        if (options != null && options.contains("name=rootless")) {
            throw new BackendException(
                    "Expected an engine that runs as root, but this one is rootless: neither limits nor"
                            + " the fence around workspaces would hold, so this version of the platform does not run agents there");
        }
    }

    private static DockerClient client(DockerSettings settings, RemoteApiVersion version) {
        var builder = DefaultDockerClientConfig.createDefaultConfigBuilder()
                .withDockerHost(settings.host())
                .withApiVersion(version)
                // Credentials come with each pull; what lies in a home directory is somebody else's.
                .withDockerConfig("/nonexistent")
                .withDockerTlsVerify(settings.certificates().isPresent());
        settings.certificates().ifPresent(path -> builder.withDockerCertPath(path.toString()));
        var config = builder.build();
        var transport = new ZerodepDockerHttpClient.Builder()
                .dockerHost(config.getDockerHost())
                .sslConfig(config.getSSLConfig())
                .maxConnections(CONNECTIONS_MAX)
                .connectionTimeout(Duration.ofSeconds(5))
                .build();
        return DockerClientImpl.getInstance(config, transport);
    }

    DockerClient client() {
        return client;
    }

    /// Asks for something, for as long as is usual.
    ///
    /// @param what completes the sentence "Expected the Docker engine to …"
    <T> T ask(String what, Callable<T> question) throws BackendException {
        return ask(what, PATIENCE, question);
    }

    /// Asks for something.
    <T> T ask(String what, Duration patience, Callable<T> question) throws BackendException {
        var answer = calls.submit(question);
        try {
            return answer.get(patience.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException late) {
            answer.cancel(true);
            throw away(what, "it took longer than " + patience.toSeconds() + " s", late);
        } catch (InterruptedException stopping) {
            answer.cancel(true);
            Thread.currentThread().interrupt();
            throw away(what, "the platform is stopping", stopping);
        } catch (CancellationException closed) {
            throw away(what, "the line is closed", closed);
        } catch (ExecutionException failed) {
            throw translate(what, failed.getCause());
        }
    }

    /// Orders something; that it is so already (304), or is not there any more (404), is fine.
    void ensure(String what, Callable<?> order) throws BackendException {
        try {
            ask(what, order);
        } catch (BackendRefusedException refused) {
            if (refused.status() != 304 && refused.status() != 404) {
                throw refused;
            }
        }
    }

    private BackendException translate(String what, @Nullable Throwable failure) {
        if (failure instanceof DockerException said) {
            return new BackendRefusedException(
                    said.getHttpStatus(),
                    "Expected the Docker engine to " + what + ", but: " + plain(String.valueOf(said.getMessage())),
                    said);
        }
        return away(what, String.valueOf(failure == null ? null : root(failure).getMessage()), failure);
    }

    private BackendAwayException away(String what, String why, @Nullable Throwable cause) {
        return new BackendAwayException(
                "Expected the Docker engine at " + host + " to " + what + ", but: " + why, cause);
    }

    /// The sentence in `Status 404: {"message":"No such image"}`.
    static String plain(String message) {
        var brace = message.indexOf('{');
        if (brace >= 0) {
            try {
                var text = Json.read(message.substring(brace).strip())
                        .path("message")
                        .asText();
                return text.isEmpty() ? message : text;
            } catch (Json.MalformedException notJson) {
                return message;
            }
        }
        return message;
    }

    private static Throwable root(Throwable failure) {
        var root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root;
    }

    @Override
    public void close() {
        calls.shutdownNow();
        try {
            client.close();
        } catch (IOException failed) {
            throw new java.io.UncheckedIOException(failed);
        }
    }
}
