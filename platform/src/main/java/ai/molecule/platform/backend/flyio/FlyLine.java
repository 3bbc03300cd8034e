package ai.molecule.platform.backend.flyio;

import ai.molecule.platform.backend.flyio.FlyException.Kind;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.Network;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The line to Fly: every call has a deadline, a turn, and as many tries as are safe.
///
/// What Fly refused for its rate (429), or never got, is tried again; what may have happened is only where
/// doing it twice is the same as doing it once. Bodies are never logged: they hold what agents must keep to
/// themselves.
final class FlyLine implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(FlyLine.class);
    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final Duration PAUSE_FIRST = Duration.ofMillis(250);
    private static final int TRIES = 4;
    private static final int BODY_BYTES_MAX = 64 * 1024 * 1024;

    private final HttpClient client;
    private final FlyPace pace = new FlyPace();
    private final String authorization;

    FlyLine(String token, Network network) {
        this.client = network.builder()
                .executor(Executors.newVirtualThreadPerTaskExecutor())
                .build();
        this.authorization = FlyToken.header(token);
    }

    /// A call.
    ///
    /// @param what is asked for, for people: "create a machine"
    /// @param action and identifier: whose rate limit it counts for
    /// @param body null for none
    /// @param twice true when doing it twice is the same as doing it once
    /// @param patience how long an answer may take
    record Call(
            String what,
            String method,
            URI url,
            @Nullable JsonNode body,
            String action,
            String identifier,
            boolean twice,
            Duration patience) {

        static Call get(String what, URI url, String action, String identifier) {
            return new Call(what, "GET", url, null, action, identifier, true, PATIENCE);
        }

        static Call change(
                String what,
                String method,
                URI url,
                @Nullable JsonNode body,
                String action,
                String identifier,
                boolean twice) {
            return new Call(what, method, url, body, action, identifier, twice, PATIENCE);
        }

        Call within(Duration other) {
            return new Call(what, method, url, body, action, identifier, twice, other);
        }
    }

    /// Calls.
    ///
    /// @return the body; a missing node where there is none
    JsonNode call(Call call) throws FlyException {
        var pause = PAUSE_FIRST;
        for (var attempt = 1; ; attempt++) {
            pace.await(call.action(), call.identifier());
            try {
                return once(call);
            } catch (FlyException failed) {
                var again = failed.kind() == Kind.LIMITED
                        || (failed.kind() == Kind.AWAY && (call.twice() || neverSent(failed)));
                if (!again || attempt == TRIES || Thread.currentThread().isInterrupted()) {
                    throw failed;
                }
                LOG.debug("{}; trying again in {}", failed.getMessage(), pause);
                var least = failed.kind() == Kind.LIMITED ? Duration.ofSeconds(1) : pause;
                LockSupport.parkNanos(
                        least.toNanos() + ThreadLocalRandom.current().nextLong(least.toNanos() / 2));
                pause = pause.multipliedBy(2);
            }
        }
    }

    private static boolean neverSent(FlyException failed) {
        return failed.getCause() instanceof ConnectException
                || failed.getCause() instanceof HttpConnectTimeoutException;
    }

    private JsonNode once(Call call) throws FlyException {
        var body = call.body();
        var request = HttpRequest.newBuilder(call.url())
                .timeout(call.patience())
                .header("Authorization", authorization)
                .header("User-Agent", "molecule")
                .method(
                        call.method(),
                        body == null
                                ? HttpRequest.BodyPublishers.noBody()
                                : HttpRequest.BodyPublishers.ofByteArray(Json.bytes(body)));
        if (body != null) {
            request.header("Content-Type", "application/json");
        }
        try {
            var answer = client.send(request.build(), HttpResponse.BodyHandlers.ofInputStream());
            return read(call, answer);
        } catch (IOException broken) {
            throw new FlyException(
                    Kind.AWAY,
                    0,
                    "",
                    "Fly could not be asked to " + call.what() + ": "
                            + (broken.getMessage() == null ? broken.toString() : broken.getMessage()),
                    broken);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new FlyException(Kind.AWAY, 0, "", "the platform stops", stopping);
        }
    }

    private static JsonNode read(Call call, HttpResponse<InputStream> answer) throws IOException, FlyException {
        byte[] bytes;
        try (var in = answer.body()) {
            bytes = in.readNBytes(BODY_BYTES_MAX + 1);
        }
        var id = answer.headers().firstValue("fly-request-id").orElse("");
        var json =
                answer.headers().firstValue("content-type").orElse("").matches("application/(?:[\\w.-]+\\+)?json\\b.*");
        if (answer.statusCode() / 100 != 2) {
            throw FlyException.of(
                    call.what(), answer.statusCode(), new String(bytes, StandardCharsets.UTF_8), json, id);
        }
        if (bytes.length > BODY_BYTES_MAX) {
            throw new FlyException(
                    Kind.INVALID,
                    answer.statusCode(),
                    "",
                    "Fly's answer to \"" + call.what() + "\" is longer than " + BODY_BYTES_MAX + " bytes",
                    null);
        }
        try {
            return bytes.length == 0 || !json ? Json.object() : Json.read(bytes);
        } catch (Json.MalformedException cutOff) {
            throw new FlyException(
                    Kind.AWAY,
                    answer.statusCode(),
                    "",
                    "Fly's answer to \"" + call.what() + "\" is no JSON (fly-request-id " + id + ")",
                    cutOff);
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
    }
}
