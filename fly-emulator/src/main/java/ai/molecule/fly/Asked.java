package ai.molecule.fly;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// One call as it came.
///
/// @param query every parameter with all its values
/// @param nonce the header `fly-machine-lease-nonce`; empty for none
record Asked(Operation.Called called, Map<String, List<String>> query, JsonNode body, String nonce, Credential who) {

    Operation operation() {
        return called.operation();
    }

    String app() {
        return called.name("app");
    }

    String id() {
        return called.name("id");
    }

    String key() {
        return URLDecoder.decode(called.name("key"), StandardCharsets.UTF_8);
    }

    Optional<String> parameter(String name) {
        return query.getOrDefault(name, List.of()).stream().findFirst().filter(value -> !value.isEmpty());
    }

    boolean flag(String name) {
        return parameter(name)
                .filter(value -> value.equals("true") || value.equals("1"))
                .isPresent();
    }

    /// Every value of a parameter that may be repeated, or hold several with commas between.
    List<String> words(String name) {
        return query.getOrDefault(name, List.of()).stream()
                .flatMap(value -> List.of(value.split(",", -1)).stream())
                .filter(word -> !word.isEmpty())
                .toList();
    }

    int number(String name, int standard) {
        try {
            return parameter(name).map(Integer::parseInt).orElse(standard);
        } catch (NumberFormatException bad) {
            throw Refusal.invalid(name + ": expected a number");
        }
    }

    static Map<String, List<String>> query(String raw) {
        var query = new LinkedHashMap<String, List<String>>();
        for (var pair : raw.split("&", -1)) {
            var equals = pair.indexOf('=');
            if (!pair.isEmpty()) {
                var name = equals < 0 ? pair : pair.substring(0, equals);
                var value = equals < 0 ? "" : pair.substring(equals + 1);
                query.computeIfAbsent(URLDecoder.decode(name, StandardCharsets.UTF_8), any -> new ArrayList<>())
                        .add(URLDecoder.decode(value, StandardCharsets.UTF_8));
            }
        }
        return query;
    }

    /// What is answered.
    ///
    /// @param json the body; null for none
    record Reply(
            int status, @org.jspecify.annotations.Nullable JsonNode json) {
        static Reply ok(JsonNode json) {
            return new Reply(200, json);
        }

        static Reply done() {
            return ok(Json.object().put("ok", true));
        }

        static Reply nothing(int status) {
            return new Reply(status, null);
        }
    }
}
