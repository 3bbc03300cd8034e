package ai.molecule.conformance;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;

/// An agent that can be started with what the platform gives it, and stopped.
interface Target extends AutoCloseable {

    /// What it is, for people.
    String name();

    /// Starts it.
    ///
    /// @param enrolment what lies in `.auth_token`; empty to leave what the agent keeps there
    /// @throws IOException when it cannot be started at all
    void start(PlayedPlatform platform, String enrolment) throws IOException, InterruptedException;

    /// Where it is reached from here, by what it registered.
    URI reachable(URI registered);

    /// True while it runs.
    boolean alive() throws InterruptedException;

    /// Asks it to end (SIGTERM); false when it has not by then.
    boolean stop(Duration patience) throws IOException, InterruptedException;

    /// Waits for its end; false when it has not come.
    boolean awaitEnd(Duration patience) throws InterruptedException;

    /// The last lines that it wrote.
    String lastWords() throws InterruptedException;

    /// Ends it for good, with all that was made for it.
    @Override
    void close();
}
