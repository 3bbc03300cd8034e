package ai.molecule.agent.uplink;

import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/// What carries frames to the platform.
interface Line extends AutoCloseable {

    /// Sends one frame; returns when it is on its way.
    void send(String frame) throws IOException;

    /// Is completed when it is over, with the reason.
    CompletableFuture<String> over();

    /// Waits until it is over.
    ///
    /// @return why
    default String awaitEnd() throws InterruptedException {
        try {
            return over().get();
        } catch (ExecutionException impossible) {
            throw new IllegalStateException("Expected an end that is told", impossible);
        }
    }

    @Override
    void close();
}
