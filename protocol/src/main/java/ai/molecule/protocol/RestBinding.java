package ai.molecule.protocol;

import ai.molecule.protocol.JsonRpc.ErrorCode;
import ai.molecule.protocol.JsonRpc.Fault;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// The HTTP+JSON binding of A2A 1.0 (section 11): which operation a path means, and how errors are written.
public final class RestBinding {

    /// The type of its bodies.
    public static final String MEDIA_TYPE = "application/a2a+json";

    private static final Set<String> NUMBERS = Set.of("historyLength", "pageSize");
    private static final Set<String> FLAGS = Set.of("includeArtifacts");

    private RestBinding() {}

    /// Finds the operation behind a request.
    ///
    /// @param path below the agent's base, without a leading slash, such as `tasks/7:cancel`
    /// @param query the first value of each query parameter
    /// @param body the body, an empty object where there is none
    /// @return empty when the binding has no such path
    /// @throws Fault when a parameter has the wrong type, or the body is no object
    public static Optional<A2aCall> read(String verb, String path, Map<String, String> query, JsonNode body)
            throws Fault {
        var found = find(verb, List.of(path.split("/", -1)));
        if (found.isEmpty()) {
            return Optional.empty();
        }
        if (!body.isObject()) {
            throw new Fault(Json.nothing(), ErrorCode.INVALID_REQUEST, "Expected a JSON object");
        }
        var params = Canonical.camel(body);
        for (var parameter : Canonical.camel(text(query)).properties()) {
            params.set(
                    parameter.getKey(),
                    typed(parameter.getKey(), parameter.getValue().asText()));
        }
        params.setAll(found.get().ids());
        try {
            Json.checkKeepable(params);
        } catch (Json.MalformedException bad) {
            throw new Fault(Json.nothing(), ErrorCode.INVALID_PARAMS, String.valueOf(bad.getMessage()));
        }
        var method = found.get().method();
        return Optional.of(new A2aCall(Json.nothing(), method, A2aVersion.V1_0, A2aCall.current(method, params)));
    }

    private record Found(A2aMethod method, ObjectNode ids) {}

    private static Optional<Found> find(String verb, List<String> path) {
        var post = verb.equals("POST");
        var get = verb.equals("GET");
        return switch (path.size()) {
            case 1 ->
                switch (path.getFirst()) {
                    case "message:send" -> when(post, A2aMethod.SEND, Json.object());
                    case "message:stream" -> when(post, A2aMethod.STREAM, Json.object());
                    case "tasks" -> when(get, A2aMethod.LIST, Json.object());
                    case "extendedAgentCard" -> when(get, A2aMethod.EXTENDED_CARD, Json.object());
                    default -> Optional.empty();
                };
            case 2 -> path.getFirst().equals("tasks") ? ofTask(verb, path.get(1)) : Optional.empty();
            case 3, 4 -> ofPush(verb, path);
            default -> Optional.empty();
        };
    }

    private static Optional<Found> ofTask(String verb, String name) {
        var colon = name.lastIndexOf(':');
        var id = Json.object().put("id", colon < 0 ? name : name.substring(0, colon));
        return switch (colon < 0 ? "" : name.substring(colon + 1)) {
            case "" -> when(verb.equals("GET"), A2aMethod.GET, id);
            case "cancel" -> when(verb.equals("POST"), A2aMethod.CANCEL, id);
            // The proto says GET, the prose says POST; there are clients of both kinds.
            case "subscribe" -> when(verb.equals("POST") || verb.equals("GET"), A2aMethod.SUBSCRIBE, id);
            default -> Optional.empty();
        };
    }

    private static Optional<Found> ofPush(String verb, List<String> path) {
        if (!path.getFirst().equals("tasks") || !path.get(2).equals("pushNotificationConfigs")) {
            return Optional.empty();
        }
        var ids = Json.object().put("taskId", path.get(1));
        if (path.size() == 3) {
            return switch (verb) {
                case "POST" -> when(true, A2aMethod.CREATE_PUSH, ids);
                case "GET" -> when(true, A2aMethod.LIST_PUSH, ids);
                default -> Optional.empty();
            };
        }
        ids.put("id", path.get(3));
        return switch (verb) {
            case "GET" -> when(true, A2aMethod.GET_PUSH, ids);
            case "DELETE" -> when(true, A2aMethod.DELETE_PUSH, ids);
            default -> Optional.empty();
        };
    }

    private static Optional<Found> when(boolean verbFits, A2aMethod method, ObjectNode ids) {
        return verbFits ? Optional.of(new Found(method, ids)) : Optional.empty();
    }

    private static ObjectNode text(Map<String, String> query) {
        var object = Json.object();
        query.forEach(object::put);
        return object;
    }

    private static JsonNode typed(String name, String value) throws Fault {
        if (NUMBERS.contains(name)) {
            if (!value.matches("-?[0-9]{1,9}")) {
                throw new Fault(Json.nothing(), ErrorCode.INVALID_PARAMS, "Expected \"" + name + "\" to be a number");
            }
            return Json.object().put(name, Integer.parseInt(value)).path(name);
        }
        var object = Json.object();
        return (FLAGS.contains(name) ? object.put(name, value.equals("true")) : object.put(name, value)).path(name);
    }

    /// Writes an error (`google.rpc.Status`, as AIP-193 has it).
    public static ObjectNode error(ErrorCode code, String message) {
        return error(code.httpStatus(), code.rpcStatus(), message, Json.array().add(JsonRpc.errorInfo(code)));
    }

    /// Writes an error that came as JSON-RPC, such as an agent's own.
    public static ObjectNode error(JsonNode jsonRpcError) {
        var code = ErrorCode.of(jsonRpcError.path("code").asInt(0)).orElse(ErrorCode.INTERNAL_ERROR);
        var data = jsonRpcError.path("data");
        return error(
                code.httpStatus(),
                code.rpcStatus(),
                jsonRpcError.path("message").asText(""),
                data.isArray() ? data : Json.array().add(JsonRpc.errorInfo(code)));
    }

    private static ObjectNode error(int status, String name, String message, JsonNode details) {
        var answer = Json.object();
        var error = answer.putObject("error")
                .put("code", status)
                .put("status", name)
                .put("message", message);
        error.set("details", details);
        return answer;
    }
}
