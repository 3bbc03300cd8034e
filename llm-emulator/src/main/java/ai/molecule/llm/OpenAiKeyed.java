package ai.molecule.llm;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import org.jspecify.annotations.Nullable;

/// What OpenAI's protocols have in common: how a key is shown, and how something is refused.
abstract class OpenAiKeyed extends Door {

    OpenAiKeyed(String key, Script script, Witness witness) {
        super(key, script, witness);
    }

    @Override
    final @Nullable String shownKey(HttpExchange exchange) {
        var shown = exchange.getRequestHeaders().getFirst("Authorization");
        return shown == null ? null : shown.replaceFirst("^Bearer ", "");
    }

    @Override
    final RefusedException wrongKey(@Nullable String shown) {
        return shown == null
                ? new RefusedException(401, null, "You didn't provide an API key.")
                : new RefusedException(401, "invalid_api_key", "Incorrect API key provided.");
    }

    @Override
    final ObjectNode refusal(Reply.Refused refused) {
        var answer = Json.object();
        var error = answer.putObject("error").put("message", refused.message()).put("type", refused.type());
        error.putNull("param");
        error.put("code", refused.code().isEmpty() ? null : refused.code());
        return answer;
    }
}
