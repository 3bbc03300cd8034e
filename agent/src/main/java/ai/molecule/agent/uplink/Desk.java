package ai.molecule.agent.uplink;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Map;

/// Answers A2A calls that come over an uplink.
public interface Desk {

    /// Answers one call, on a thread of its own.
    ///
    /// @param headers what would be the HTTP request's headers, by name
    /// @param body a JSON-RPC request
    /// @throws InterruptedException when nobody listens any more
    void serve(Map<String, String> headers, JsonNode body, Reply reply) throws InterruptedException;

    /// Where an answer goes: one whole, or a beginning, events and an end.
    interface Reply {
        /// The whole answer.
        ///
        /// @param status what would be the HTTP status
        void whole(int status, JsonNode body);

        /// A stream begins.
        void begin();

        /// One JSON-RPC response of a stream; waits until the platform can take it.
        void event(JsonNode body) throws InterruptedException;

        /// The stream is over.
        void end();

        /// There is no answer.
        ///
        /// @param status what would be the HTTP status
        void failed(int status, String message);
    }
}
