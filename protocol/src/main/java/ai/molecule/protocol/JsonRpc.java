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
import java.util.Arrays;
import java.util.Optional;

/// JSON-RPC 2.0 as A2A uses it: requests read leniently, answers and errors written strictly.
public final class JsonRpc {

    private static final String ERROR_DOMAIN = "molecule.ai";
    private static final String A2A_DOMAIN = "a2a-protocol.org";

    private JsonRpc() {}

    /// The errors of JSON-RPC 2.0 and of A2A 1.0 (section 5.4) that are answered here, with the status that the
    /// HTTP+JSON binding has for each.
    public enum ErrorCode {
        PARSE_ERROR(-32700, 400, "INVALID_ARGUMENT"),
        INVALID_REQUEST(-32600, 400, "INVALID_ARGUMENT"),
        METHOD_NOT_FOUND(-32601, 404, "UNIMPLEMENTED"),
        INVALID_PARAMS(-32602, 400, "INVALID_ARGUMENT"),
        INTERNAL_ERROR(-32603, 500, "INTERNAL"),
        TASK_NOT_FOUND(-32001, 404, "NOT_FOUND"),
        TASK_NOT_CANCELABLE(-32002, 400, "FAILED_PRECONDITION"),
        PUSH_NOTIFICATION_NOT_SUPPORTED(-32003, 400, "FAILED_PRECONDITION"),
        UNSUPPORTED_OPERATION(-32004, 400, "FAILED_PRECONDITION"),
        CONTENT_TYPE_NOT_SUPPORTED(-32005, 400, "INVALID_ARGUMENT"),
        INVALID_AGENT_RESPONSE(-32006, 500, "INTERNAL"),
        EXTENDED_AGENT_CARD_NOT_CONFIGURED(-32007, 400, "FAILED_PRECONDITION"),
        EXTENSION_SUPPORT_REQUIRED(-32008, 400, "FAILED_PRECONDITION"),
        VERSION_NOT_SUPPORTED(-32009, 400, "FAILED_PRECONDITION"),
        /// The agent cannot be reached now; like all below, a server-defined code of JSON-RPC's reserved range.
        AGENT_UNAVAILABLE(-32050, 503, "UNAVAILABLE"),
        /// The caller may not talk to this agent.
        FORBIDDEN(-32051, 403, "PERMISSION_DENIED"),
        /// The agent's mailbox holds as much as it may.
        MAILBOX_FULL(-32052, 429, "RESOURCE_EXHAUSTED"),
        /// The call would go round in a circle, or too deep.
        DELEGATION_LIMIT(-32053, 400, "FAILED_PRECONDITION"),
        /// The workspace has used up what it may spend on models.
        BUDGET_EXHAUSTED(-32054, 402, "RESOURCE_EXHAUSTED");

        private final int number;
        private final int httpStatus;
        private final String rpcStatus;

        ErrorCode(int number, int httpStatus, String rpcStatus) {
            this.number = number;
            this.httpStatus = httpStatus;
            this.rpcStatus = rpcStatus;
        }

        /// The number on the wire.
        public int number() {
            return number;
        }

        /// The status under HTTP+JSON.
        public int httpStatus() {
            return httpStatus;
        }

        /// The name of the status in `google.rpc.Code`.
        public String rpcStatus() {
            return rpcStatus;
        }

        /// Who defined the code: A2A, or a platform or agent of ours.
        String domain() {
            return number <= AGENT_UNAVAILABLE.number && number >= -32099 ? ERROR_DOMAIN : A2A_DOMAIN;
        }

        /// Finds a code by its number.
        public static Optional<ErrorCode> of(int number) {
            return Arrays.stream(values()).filter(code -> code.number == number).findFirst();
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
        error.putArray("data").add(errorInfo(code));
        return answer;
    }

    /// The `google.rpc.ErrorInfo` of an error.
    static ObjectNode errorInfo(ErrorCode code) {
        return Json.object()
                .put("@type", "type.googleapis.com/google.rpc.ErrorInfo")
                .put("reason", code.name())
                .put("domain", code.domain());
    }

    /// A call that cannot be served; becomes an error answer to its id.
    public static final class Fault extends Exception {
        private static final long serialVersionUID = 1L;

        private final transient JsonNode id;
        private final transient JsonNode error;

        public Fault(JsonNode id, ErrorCode code, String message) {
            super(message);
            this.id = id;
            this.error = JsonRpc.error(id, code, message).path("error");
        }

        /// An error that somebody else answered with, passed on as it is.
        public Fault(JsonNode id, JsonNode error) {
            super(error.path("message").asText(""));
            this.id = id;
            this.error = error;
        }

        /// The code, where it is one that is known here.
        public Optional<ErrorCode> code() {
            return ErrorCode.of(error.path("code").asInt(0));
        }

        /// The error object.
        public JsonNode error() {
            return error;
        }

        /// What is answered over JSON-RPC.
        public ObjectNode toJson() {
            var answer = Json.object().put("jsonrpc", "2.0");
            answer.set("id", id);
            answer.set("error", error);
            return answer;
        }
    }
}
