package ai.molecule.fly;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;

/// An answer that is an error, as Fly words it: a code like gRPC's, a colon, and a text.
final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int status;
    private final String word;

    /// @param word the machine-readable `status` of the body; empty for none
    Refusal(int status, String word, String text) {
        super(text, null, false, false);
        this.status = status;
        this.word = word;
    }

    Refusal(int status, String text) {
        this(status, "", text);
    }

    static Refusal invalid(String text) {
        return new Refusal(400, "invalid_argument: " + text);
    }

    static Refusal unprocessable(String text) {
        return new Refusal(422, text);
    }

    static Refusal precondition(String text) {
        return new Refusal(412, "failed_precondition: " + text);
    }

    static Refusal aborted(String text) {
        return new Refusal(409, "aborted: " + text);
    }

    static Refusal noMachine() {
        return new Refusal(404, "not_found: machine not found");
    }

    int status() {
        return status;
    }

    JsonNode body() {
        var body = Json.object().put("error", getMessage());
        if (!word.isEmpty()) {
            body.put("status", word);
        }
        return body;
    }
}
