package ai.molecule.protocol;

import ai.molecule.protocol.JsonRpc.ErrorCode;
import ai.molecule.protocol.JsonRpc.Fault;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import org.jspecify.annotations.Nullable;

/// One A2A operation that somebody asks for, whatever binding and version it came in.
///
/// @param id the JSON-RPC id; JSON null where there is none
/// @param version the version whose words are answered in
/// @param params the parameters in the form of 1.0
public record A2aCall(JsonNode id, A2aMethod method, A2aVersion version, ObjectNode params) {

    /// Reads a call of the JSON-RPC binding. The method's name says which version's words are meant.
    ///
    /// @param header the `A2A-Version` header; null when absent
    /// @throws Fault when the version or the method is unknown, or the parameters are no object
    public static A2aCall overJsonRpc(JsonNode body, @Nullable String header) throws Fault {
        var request = JsonRpc.Request.read(body);
        checkVersion(request.id(), header);
        var spoken = A2aMethod.parse(request.method())
                .orElseThrow(() -> new Fault(
                        request.id(),
                        ErrorCode.METHOD_NOT_FOUND,
                        "Expected an A2A method, but found " + Wire.clip(request.method(), 80)));
        var params = request.params().isObject() ? request.params() : Json.object();
        return new A2aCall(
                request.id(),
                spoken.method(),
                spoken.version(),
                switch (spoken.version()) {
                    case V0_3 -> Legacy.params(spoken.method(), params);
                    case V1_0 -> current(spoken.method(), params);
                });
    }

    /// Refuses a version that is not spoken here.
    ///
    /// @throws Fault -32009
    public static void checkVersion(JsonNode id, @Nullable String header) throws Fault {
        if (A2aVersion.negotiate(header).isEmpty()) {
            throw new Fault(
                    id,
                    ErrorCode.VERSION_NOT_SUPPORTED,
                    "Expected " + A2aVersion.HEADER + " 1.0 or 0.3, but found " + Wire.clip(header + "", 40));
        }
    }

    /// The parameters of a 1.0 call, in camel case.
    static ObjectNode current(A2aMethod method, JsonNode source) {
        var params = Canonical.camel(source);
        if ((method == A2aMethod.SEND || method == A2aMethod.STREAM)
                && params.path("configuration").isObject()) {
            var configuration = Canonical.camel(params.path("configuration"));
            if (configuration.path("taskPushNotificationConfig").isObject()) {
                configuration.set(
                        "taskPushNotificationConfig",
                        Canonical.camel(configuration.path("taskPushNotificationConfig")));
            }
            params.set("configuration", configuration);
        }
        return params;
    }

    /// A result, in the words of the caller's version.
    public JsonNode inCallersWords(JsonNode result) {
        return switch (version) {
            case V1_0 -> result;
            case V0_3 -> Legacy.result(method, result);
        };
    }

    /// The text parameter of a name, empty when it is absent or no text.
    public String text(String name) {
        return params.path(name).asText("");
    }

    /// How many messages of a task's history are wanted; null for all.
    ///
    /// @throws Fault when it is no whole number of at least 0
    public static @Nullable Integer historyLength(JsonNode id, JsonNode params) throws Fault {
        var length = params.path("historyLength");
        if (length.isMissingNode() || length.isNull()) {
            return null;
        }
        if (!length.isInt() || length.intValue() < 0) {
            throw new Fault(id, ErrorCode.INVALID_PARAMS, "Expected \"historyLength\" to be a whole number from 0");
        }
        return length.intValue();
    }

    /// The task with only the last messages of its history.
    public static ObjectNode trimmed(ObjectNode task, @Nullable Integer historyLength) {
        if (historyLength == null
                || !(task.path("history") instanceof ArrayNode history)
                || history.size() <= historyLength) {
            return task;
        }
        var trimmed = task.deepCopy();
        if (historyLength == 0) {
            trimmed.remove("history");
            return trimmed;
        }
        var last = trimmed.putArray("history");
        for (int i = history.size() - historyLength; i < history.size(); i++) {
            last.add(history.get(i));
        }
        return trimmed;
    }
}
