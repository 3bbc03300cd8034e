package ai.molecule.llm;

import ai.molecule.llm.Prompt.Role;
import ai.molecule.llm.Prompt.Turn;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Google's Gemini API (<https://ai.google.dev/api/generate-content>): `generateContent` and
/// `streamGenerateContent`, with function calling, usage and errors.
final class GeminiDoor extends Door {

    private static final Pattern PATH =
            Pattern.compile("/v1beta/models/([^/:]+):(generateContent|streamGenerateContent|countTokens)");

    /// What Gemini CLI puts before the words of a person.
    private static final Pattern CONTEXT =
            Pattern.compile("\\s*<session_context>.*?</session_context>\\s*", Pattern.DOTALL);

    GeminiDoor(String key, Script script, Witness witness) {
        super(key, script, witness);
    }

    @Override
    @Nullable
    String shownKey(HttpExchange exchange) {
        var header = exchange.getRequestHeaders().getFirst("x-goog-api-key");
        return header == null ? query(exchange, "key") : header;
    }

    private static @Nullable String query(HttpExchange exchange, String name) {
        var query = exchange.getRequestURI().getQuery();
        for (var pair : query == null ? new String[0] : query.split("&", -1)) {
            if (pair.startsWith(name + "=")) {
                return pair.substring(name.length() + 1);
            }
        }
        return null;
    }

    @Override
    RefusedException wrongKey(@Nullable String shown) {
        return shown == null
                ? new RefusedException(403, null, "Method doesn't allow unregistered callers.")
                : new RefusedException(400, null, "API key not valid. Please pass a valid API key.");
    }

    @Override
    void answer(HttpExchange exchange, byte[] bytes) throws IOException, InterruptedException, RefusedException {
        var path = PATH.matcher(exchange.getRequestURI().getPath());
        if (!path.matches() || !exchange.getRequestMethod().equals("POST")) {
            throw new RefusedException(
                    404, null, "Not found: " + exchange.getRequestURI().getPath());
        }
        var prompt = prompt(path.group(1), read(bytes));
        if (path.group(2).equals("countTokens")) {
            send(exchange, 200, Json.object().put("totalTokens", prompt.tokens()));
            return;
        }
        var said = reply(exchange, prompt);
        if (said == null) {
            return;
        }
        if (path.group(2).equals("generateContent")) {
            send(exchange, 200, chunk(prompt, said, whole(said), true));
        } else if ("sse".equals(query(exchange, "alt"))) {
            stream(exchange, prompt, said);
        } else {
            send(exchange, 200, Json.array().add(chunk(prompt, said, whole(said), true)));
        }
    }

    private static Prompt prompt(String model, JsonNode body) throws RefusedException {
        if (body.path("contents").isEmpty()) {
            throw new RefusedException(400, null, "* GenerateContentRequest.contents: contents is not specified");
        }
        var turns = new ArrayList<Turn>();
        var system = text(body.path("systemInstruction").path("parts"));
        if (!system.isEmpty()) {
            turns.add(new Turn(Role.SYSTEM, system, List.of()));
        }
        var open = 0;
        var answered = new HashSet<String>();
        for (var content : body.path("contents")) {
            var names = new ArrayList<String>();
            var results = new ArrayList<Turn>();
            for (var part : content.path("parts")) {
                if (part.has("functionCall")) {
                    names.add(part.path("functionCall").path("name").asText());
                } else if (part.has("functionResponse") && isFirst(part.path("functionResponse"), answered)) {
                    results.add(new Turn(Role.TOOL, result(part.path("functionResponse")), List.of()));
                }
            }
            if (results.size() != open) {
                throw new RefusedException(
                        400,
                        null,
                        "Please ensure that the number of function response parts is equal to the number of function"
                                + " call parts of the function call turn.");
            }
            open = names.size();
            turns.addAll(results);
            var words = text(content.path("parts"));
            if (!words.isEmpty() || !names.isEmpty()) {
                turns.add(new Turn(role(content.path("role").asText("user")), words, names));
            }
        }
        var tools = new ArrayList<String>();
        body.path("tools")
                .forEach(tool -> tool.path("functionDeclarations")
                        .forEach(one -> tools.add(one.path("name").asText())));
        return new Prompt(model, turns, tools);
    }

    /// Gemini CLI says what came of a call twice, by one id, when it takes a session up again.
    private static boolean isFirst(JsonNode response, Set<String> answered) {
        var id = response.path("id").asText();
        return id.isEmpty() || answered.add(id);
    }

    private static Role role(String word) throws RefusedException {
        return switch (word) {
            case "user", "function" -> Role.USER;
            case "model" -> Role.ASSISTANT;
            default -> throw new RefusedException(400, null, "Please use a valid role: user, model.");
        };
    }

    /// What a function came to: the one text in its response, or all of it.
    private static String result(JsonNode answered) {
        var response = answered.path("response");
        return response.size() == 1 && response.elements().next().isTextual()
                ? response.elements().next().asText()
                : Json.text(response);
    }

    private static String text(JsonNode parts) {
        var texts = new ArrayList<String>();
        parts.forEach(part -> {
            if (part.has("text") && !part.path("thought").asBoolean()) {
                texts.add(part.path("text").asText());
            }
        });
        return CONTEXT.matcher(String.join("\n", texts)).replaceAll("");
    }

    private static List<ObjectNode> whole(Reply.Said said) {
        var parts = new ArrayList<ObjectNode>();
        if (!said.text().isEmpty()) {
            parts.add(Json.object().put("text", said.text()));
        }
        parts.addAll(calls(said));
        return parts;
    }

    private static List<ObjectNode> calls(Reply.Said said) {
        var parts = new ArrayList<ObjectNode>();
        for (var call : said.calls()) {
            var part = Json.object();
            part.putObject("functionCall").put("name", call.name()).set("args", arguments(call));
            parts.add(part);
        }
        return parts;
    }

    private static void stream(HttpExchange exchange, Prompt prompt, Reply.Said said)
            throws IOException, InterruptedException {
        var out = events(exchange);
        for (var piece : said.pieces()) {
            Thread.sleep(said.pause());
            var parts = List.of(Json.object().put("text", piece));
            event(out, "data: " + Json.text(chunk(prompt, said, parts, false)) + "\r\n\r\n");
        }
        cut(said);
        event(out, "data: " + Json.text(chunk(prompt, said, calls(said), true)) + "\r\n\r\n");
    }

    private static ObjectNode chunk(Prompt prompt, Reply.Said said, List<ObjectNode> parts, boolean last) {
        var chunk = Json.object();
        var candidate = chunk.putArray("candidates").addObject();
        var content = candidate.putObject("content");
        if (parts.isEmpty()) {
            content.putArray("parts").addObject().put("text", "");
        } else {
            content.putArray("parts").addAll(parts);
        }
        content.put("role", "model");
        if (last) {
            candidate.put("finishReason", "STOP");
        }
        candidate.put("index", 0);
        var written = tokens(said);
        // It thinks first, as most do.
        var thought = 1;
        chunk.putObject("usageMetadata")
                .put("promptTokenCount", prompt.tokens())
                .put("candidatesTokenCount", written)
                .put("thoughtsTokenCount", thought)
                .put("totalTokenCount", prompt.tokens() + written + thought);
        return chunk.put("modelVersion", prompt.model()).put("responseId", hex());
    }

    @Override
    ObjectNode refusal(Reply.Refused refused) {
        var tooLong = refused.code().equals("context_length_exceeded");
        var answer = Json.object();
        answer.putObject("error")
                .put("code", refused.status())
                .put(
                        "message",
                        tooLong
                                ? "The input token count (9) exceeds the maximum number of tokens allowed (8)."
                                : refused.message())
                .put("status", status(refused.status()));
        return answer;
    }

    private static String status(int status) {
        return switch (status) {
            case 400 -> "INVALID_ARGUMENT";
            case 401 -> "UNAUTHENTICATED";
            case 403 -> "PERMISSION_DENIED";
            case 404 -> "NOT_FOUND";
            case 429 -> "RESOURCE_EXHAUSTED";
            case 503 -> "UNAVAILABLE";
            default -> status < 500 ? "FAILED_PRECONDITION" : "INTERNAL";
        };
    }
}
