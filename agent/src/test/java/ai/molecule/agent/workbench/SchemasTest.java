package ai.molecule.agent.workbench;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.protocol.Json;
import dev.langchain4j.agent.tool.ToolSpecification;
import org.junit.jupiter.api.Test;

class SchemasTest {

    private static String portable(String schema) {
        return Json.text(Schemas.portable(Json.trusted(schema)));
    }

    @Test
    void whatProvidersDoNotKnowIsToldInTheDescription() {
        assertThat(portable("""
                {"$schema": "https://json-schema.org/draft/2020-12/schema", "additionalProperties": false,
                 "type": "object", "required": ["n"], "properties": {
                  "n": {"type": ["null", "integer"], "description": "How many", "minimum": 1, "default": 2},
                  "kind": {"oneOf": [{"const": "a"}, {"enum": ["b", "c"]}]},
                  "all": {"type": "array", "items": {"$ref": "#/$defs/one"}, "maxItems": 3}},
                 "$defs": {"one": {"type": "string", "pattern": "x"}}}""")).isEqualTo(Json.text(Json.trusted("""
                        {"required": ["n"], "type": "object", "properties": {
                          "n": {"type": "integer", "description": "How many (default: 2; minimum: 1)"},
                          "kind": {"anyOf": [{"description": "(const: a)"}, {"enum": ["b", "c"]}]},
                          "all": {"type": "array", "items": {"$ref": "#/$defs/one"}, "description": "(maxItems: 3)"}},
                         "$defs": {"one": {"type": "string", "description": "(pattern: x)"}}}""")));
    }

    @Test
    void nothingIsAnObjectWithoutProperties() {
        assertThat(portable("{}")).isEqualTo("{\"type\":\"object\",\"properties\":{}}");
        assertThat(portable("true")).isEqualTo("{\"type\":\"object\",\"properties\":{}}");
    }

    @Test
    void nestingEnds() {
        var deep = "{\"type\":\"object\",\"properties\":{\"a\":".repeat(60) + "{}" + "}}".repeat(60);
        assertThat(portable(deep).length()).isLessThan(2000);
        var specification = Json.object().put("name", "n").put("description", "d");
        specification.set("parameters", Schemas.portable(Json.trusted(deep)));
        assertThat(ToolSpecification.fromJson(Json.text(specification))
                        .parameters()
                        .properties())
                .containsKey("a");
    }
}
