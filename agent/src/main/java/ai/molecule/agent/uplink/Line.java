package ai.molecule.agent.uplink;

import java.io.IOException;

/// What carries frames to the platform.
interface Line extends AutoCloseable {

    /// Sends one frame; returns when it is on its way.
    void send(String frame) throws IOException;

    /// Waits until it is over.
    ///
    /// @return why
    String awaitEnd() throws InterruptedException;

    @Override
    void close();
}
