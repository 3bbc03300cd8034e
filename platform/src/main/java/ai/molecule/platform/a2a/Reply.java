package ai.molecule.platform.a2a;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.node.ObjectNode;

/// What a call came to.
public sealed interface Reply {

    /// A whole answer, from the agent or from us.
    ///
    /// @param status the HTTP status it goes out with
    record Whole(int status, String contentType, byte[] body) implements Reply {}

    /// A stream of events that is just beginning.
    record Stream(EventStream events) implements Reply {}

    /// An error of ours.
    static Reply error(int status, ObjectNode body) {
        return new Whole(status, "application/json", Json.bytes(body));
    }
}
