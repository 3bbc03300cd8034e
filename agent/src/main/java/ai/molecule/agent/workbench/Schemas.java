package ai.molecule.agent.workbench;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// What of JSON Schema (draft 2020-12) every provider of models takes. What none has a word for is told in the
/// description instead, where a model reads it too.
final class Schemas {

    private static final int DEPTH_MAX = 20;

    private static final Set<String> KEPT = Set.of("type", "enum", "required", "$ref");

    /// What says something to a reader.
    private static final List<String> TOLD = List.of(
            "const",
            "default",
            "examples",
            "format",
            "maximum",
            "maxItems",
            "maxLength",
            "minimum",
            "minItems",
            "minLength",
            "pattern");

    private Schemas() {}

    /// The schema of a tool's arguments as all take it; always one of an object.
    static ObjectNode portable(JsonNode schema) {
        var portable = portable(schema, 0);
        portable.put("type", "object");
        if (!portable.has("properties")) {
            portable.putObject("properties");
        }
        return portable;
    }

    private static ObjectNode portable(JsonNode schema, int depth) {
        var portable = Json.object();
        if (depth > DEPTH_MAX || !schema.isObject()) {
            return portable;
        }
        KEPT.stream().filter(schema::has).sorted().forEach(name -> portable.set(name, schema.get(name)));
        if (schema.path("type").isArray()) {
            portable.put("type", first(schema.path("type")));
        }
        for (var name : List.of("properties", "$defs")) {
            if (schema.path(name).isObject()) {
                var all = portable.putObject(name);
                schema.path(name)
                        .properties()
                        .forEach(one -> all.set(one.getKey(), portable(one.getValue(), depth + 1)));
            }
        }
        if (schema.path("items").isObject()) {
            portable.set("items", portable(schema.path("items"), depth + 1));
        }
        for (var name : List.of("anyOf", "oneOf")) {
            for (var one : schema.path(name)) {
                portable.withArray("anyOf").add(portable(one, depth + 1));
            }
        }
        var description = description(schema);
        if (!description.isEmpty()) {
            portable.put("description", description);
        }
        return portable;
    }

    /// The first type that is not nothing.
    private static String first(JsonNode types) {
        for (var type : types) {
            if (!type.asText().equals("null")) {
                return type.asText();
            }
        }
        return "null";
    }

    private static String description(JsonNode schema) {
        var told = new ArrayList<String>();
        for (var name : TOLD) {
            if (schema.hasNonNull(name)) {
                told.add(name + ": "
                        + (schema.get(name).isTextual() ? schema.get(name).asText() : Json.text(schema.get(name))));
            }
        }
        var said = schema.path("description").asText();
        return told.isEmpty() ? said : (said + " (" + String.join("; ", told) + ")").strip();
    }
}
