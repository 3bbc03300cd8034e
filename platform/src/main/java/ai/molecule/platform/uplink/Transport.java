package ai.molecule.platform.uplink;

import java.time.Duration;

/// What carries the frames of an uplink to its agent.
public interface Transport {

    /// The word for it: `socket` or `poll`.
    String kind();

    /// Sends one frame.
    ///
    /// @throws BrokenException when it cannot be known to arrive
    void send(String frame) throws BrokenException;

    /// Gives a sign of life, unless something is being sent just now.
    void ping() throws BrokenException;

    /// For how long the frame that is being sent is not taken.
    default Duration stuck() {
        return Duration.ZERO;
    }

    /// Lets go, whatever is being sent.
    void cut();

    /// The connection is no good any more.
    final class BrokenException extends Exception {
        private static final long serialVersionUID = 1L;

        public BrokenException(String message, Throwable cause) {
            super(message, cause);
        }
    }
}
