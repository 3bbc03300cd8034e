package ai.molecule.agent;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/// What the platform shows when it calls. It comes with the registration's answer; a call that overtakes that answer
/// waits a moment for it.
final class InboundSecret {

    private static final int PATIENCE_SECONDS = 5;

    private volatile CompletableFuture<String> secret = new CompletableFuture<>();

    /// Takes the secret of a new registration.
    void learn(String next) {
        if (secret.isDone()) {
            secret = CompletableFuture.completedFuture(next);
        } else {
            secret.complete(next);
        }
    }

    /// True when the header shows the secret.
    boolean admits(@Nullable String authorization) throws InterruptedException {
        if (authorization == null) {
            return false;
        }
        try {
            var expected = "Bearer " + secret.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            return MessageDigest.isEqual(
                    expected.getBytes(StandardCharsets.UTF_8), authorization.getBytes(StandardCharsets.UTF_8));
        } catch (ExecutionException | TimeoutException notRegistered) {
            return false;
        }
    }
}
