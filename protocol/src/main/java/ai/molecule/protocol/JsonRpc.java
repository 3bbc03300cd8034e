package ai.molecule.protocol;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;

/// JSON-RPC 2.0 as A2A uses it: requests read leniently, answers and errors written strictly.
public final class JsonRpc {

    /// The domain of the errors that a platform or agent of ours adds to `error.data`.
    public static final String ERROR_DOMAIN = "molecule.ai";

    private JsonRpc() {}

    /// The errors of JSON-RPC 2.0 and of A2A 1.0 (section 5.4) that are answered here.
    public enum ErrorCode {
        PARSE_ERROR(-32700),
        INVALID_REQUEST(-32600),
        METHOD_NOT_FOUND(-32601),
        INVALID_PARAMS(-32602),
        INTERNAL_ERROR(-32603),
        TASK_NOT_FOUND(-32001),
        TASK_NOT_CANCELABLE(-32002),
        UNSUPPORTED_OPERATION(-32004),
        INVALID_AGENT_RESPONSE(-32006),
        VERSION_NOT_SUPPORTED(-32009),
        /// The platform could not reach the agent; a server-defined code of JSON-RPC's reserved range.
        AGENT_UNAVAILABLE(-32050),
        /// The caller may not talk to this agent.
        FORBIDDEN(-32051);

        private final int number;

        ErrorCode(int number) {
            this.number = number;
        }

        /// The number on the wire.
        public int number() {
            return number;
        }
    }

    /// A call: its id (JSON null when absent), method and parameters (missing when absent).
    public record Request(JsonNode id, String method, JsonNode params) {

        /// Reads a call from a JSON value.
        ///
        /// @throws Fault when there is no method, or the parameters are not an object
        public static Request read(JsonNode body) throws Fault {
            var id = idOf(body);
            if (!body.isObject()) {
                throw new Fault(id, ErrorCode.INVALID_REQUEST, "Expected one JSON-RPC request object");
            }
            var method = body.path("method");
            if (!method.isTextual()) {
                throw new Fault(id, ErrorCode.INVALID_REQUEST, "Expected a \"method\", but found none");
            }
            var params = body.path("params");
            if (!params.isObject() && !params.isMissingNode() && !params.isNull()) {
                throw new Fault(id, ErrorCode.INVALID_PARAMS, "Expected \"params\" to be an object");
            }
            return new Request(id, method.textValue(), params.isObject() ? params : MissingNode.getInstance());
        }
    }

    /// The id of a call, JSON null where it has none of a legal type.
    public static JsonNode idOf(JsonNode body) {
        var id = body.path("id");
        return id.isTextual() || id.isNumber() ? id : NullNode.getInstance();
    }

    /// The id of a call of which only the beginning was read; JSON null where it is not in there.
    public static JsonNode idIn(byte[] beginning) {
        try (var parser = new JsonFactory().createParser(beginning)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                return NullNode.getInstance();
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                var field = parser.currentName();
                var value = parser.nextToken();
                if (field.equals("id") && value == JsonToken.VALUE_STRING) {
                    return TextNode.valueOf(parser.getText());
                }
                if (field.equals("id") && value == JsonToken.VALUE_NUMBER_INT) {
                    return LongNode.valueOf(parser.getLongValue());
                }
                parser.skipChildren();
            }
        } catch (IOException endsBeforeTheId) {
            return NullNode.getInstance();
        }
        return NullNode.getInstance();
    }

    /// Writes a result.
    public static ObjectNode result(JsonNode id, JsonNode result) {
        var answer = Json.object().put("jsonrpc", "2.0");
        answer.set("id", id);
        answer.set("result", result);
        return answer;
    }

    /// Writes an error with its `google.rpc.ErrorInfo`, as A2A 1.0 asks.
    public static ObjectNode error(JsonNode id, ErrorCode code, String message) {
        var answer = Json.object().put("jsonrpc", "2.0");
        answer.set("id", id);
        var error = answer.putObject("error").put("code", code.number()).put("message", message);
        error.putArray("data")
                .addObject()
                .put("@type", "type.googleapis.com/google.rpc.ErrorInfo")
                .put("reason", code.name())
                .put("domain", ERROR_DOMAIN);
        return answer;
    }

    /// A call that cannot be served; becomes an error answer to its id.
    public static final class Fault extends Exception {
        private static final long serialVersionUID = 1L;

        private final transient JsonNode id;
        private final ErrorCode code;

        public Fault(JsonNode id, ErrorCode code, String message) {
            super(message);
            this.id = id;
            this.code = code;
        }

        /// What is answered.
        public ObjectNode toJson() {
            return error(id, code, String.valueOf(getMessage()));
        }
    }
}
