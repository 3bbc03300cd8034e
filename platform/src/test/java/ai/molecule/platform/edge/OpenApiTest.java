package ai.molecule.platform.edge;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.platform.TestHouse;
import ai.molecule.platform.journal.Event;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/// The description and the running server agree: the same routes, and bodies of the described shape.
class OpenApiTest {

    private static TestHouse house;
    private static JsonNode document;

    @BeforeAll
    static void open() throws Exception {
        house = TestHouse.open();
        Map<String, Object> yaml = new Yaml().load(Files.readString(Path.of("../docs/openapi.yaml")));
        document = new com.fasterxml.jackson.databind.ObjectMapper().valueToTree(yaml);
    }

    @AfterAll
    static void close() {
        house.close();
    }

    @Test
    void everyRouteIsDescribedAndEveryDescriptionIsARoute() {
        var described = new TreeSet<String>();
        document.path("paths")
                .properties()
                .forEach(path -> path.getValue().properties().stream()
                        .filter(operation -> !operation.getKey().equals("parameters"))
                        .forEach(operation ->
                                described.add(operation.getKey().toUpperCase(Locale.ROOT) + " " + path.getKey())));
        // The card's and the endpoint's second spellings are described in the text of the first.
        var served = house.routes().stream()
                .filter(route ->
                        !route.path().endsWith("/a2a/") && !route.path().contains("/a2a/.well-known"))
                // A path that may hold slashes is written with a plus in our routes (RFC 6570), which OpenAPI
                // does not know.
                .map(route -> route.method().text() + " " + route.path().replace("{+", "{"))
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(served).isEqualTo(described);
    }

    @Test
    void onlyWhatSaysSoIsOpen() {
        for (var route : house.routes()) {
            var operation = document.path("paths")
                    .path(route.path().replace("{+", "{"))
                    .path(route.method().text().toLowerCase(Locale.ROOT));
            if (!operation.isMissingNode()) {
                var open =
                        operation.has("security") && operation.path("security").isEmpty();
                assertThat(open).as(route.toString()).isEqualTo(route.who() == Route.Who.OPEN);
            }
        }
    }

    @Test
    void answersHaveTheDescribedShape() throws Exception {
        var created = house.post("/workspaces", "{\"name\":\"shaped\",\"runtime\":\"external\",\"external\":true}");
        assertShape("WorkspaceCreated", created.body());
        var id = created.text("id");
        var registered = house.post("/registry/register", "{\"id\":\"" + id + "\",\"agent_card\":{\"name\":\"x\"}}");
        assertShape("Registered", registered.body());
        var token = registered.text("auth_token");
        assertShape("Workspace", house.get("/workspaces/" + id).body());
        assertShape(
                "Workspace",
                house.call("GET", "/workspaces/" + id, token, "", Map.of()).body());
        assertShape("Stay", house.get("/workspaces/" + id + "/stays").body().get(0));
        assertShape("BackendOffer", house.get("/backends").body().get(0));
        assertShape("Workspace", house.get("/workspaces").body().get(0));
        assertShape("WorkspacePage", house.get("/workspaces?limit=1").body());
        assertShape(
                "WorkspaceState",
                house.call("GET", "/workspaces/" + id + "/state", token, "", Map.of())
                        .body());
        assertShape("Discovered", house.get("/registry/discover/" + id).body());
        assertShape("Session", house.get("/session").body());
        assertShape("Status", house.get("/health").body());
        assertShape("Fact", house.get("/events/" + id).body().get(0));
        assertShape("Problem", house.get("/nothing").body());
        var queued = house.say(id, TestHouse.ADMIN_TOKEN, "later").text("queue_id");
        assertShape("TaskLine", house.get("/workspaces/" + id + "/tasks").body().get(0));
        assertShape("TaskShown", house.get("/tasks/" + queued).body());
        assertShape("TaskLine", house.post("/tasks/" + queued + "/cancel", "").body());
        var peer = house.create("{\"name\":\"peer\",\"runtime\":\"external\"}");
        var delegation = "{\"target_id\":\"" + peer + "\",\"task\":\"do it\"}";
        assertShape(
                "Delegated",
                house.post("/workspaces/" + id + "/delegate", delegation).body());
        assertShape(
                "Delegation",
                house.get("/workspaces/" + id + "/delegations").body().get(0));
        var child = house.create("{\"name\":\"child\",\"runtime\":\"external\",\"parent_id\":\"" + id + "\"}");
        assertThat(child).isNotEmpty();
        assertShape(
                "ConfirmationRequired",
                house.admin("DELETE", "/workspaces/" + id, "").body());
    }

    @Test
    void everyEventIsDescribed() throws IOException {
        var rows = Pattern.compile("^\\| `([A-Z_]+)` \\|", Pattern.MULTILINE)
                .matcher(Files.readString(Path.of("../docs/events.md")))
                .results()
                .map(match -> match.group(1))
                .toList();
        assertThat(rows.subList(0, 2)).containsExactly("SNAPSHOT", "TRAFFIC");
        assertThat(rows.subList(2, rows.size()))
                .containsExactlyElementsOf(
                        Arrays.stream(Event.values()).map(Enum::name).toList());
    }

    @Test
    void payloadsHaveTheDescribedFields() throws Exception {
        var id = house.create("{\"name\":\"told\",\"runtime\":\"external\"}");
        house.post("/registry/register", "{\"id\":\"" + id + "\",\"agent_card\":{\"name\":\"x\"}}");
        house.admin("PATCH", "/workspaces/" + id, "{\"name\":\"told again\"}");
        house.admin("PATCH", "/workspaces/" + id, "{\"x\":1,\"y\":2}");
        house.admin("PATCH", "/workspaces/" + id, "{\"tier\":3}");
        house.post("/registry/update-card", "{\"workspace_id\":\"" + id + "\",\"agent_card\":{\"name\":\"y\"}}");
        house.post("/workspaces/" + id + "/pause", "");
        house.admin("DELETE", "/workspaces/" + id, "");
        var text = Files.readString(Path.of("../docs/events.md"));
        var facts = house.get("/events/" + id).body();
        assertThat(facts).hasSize(8);
        for (var fact : facts) {
            var row = Pattern.compile(
                            "^\\| `" + fact.path("event_type").asText() + "` \\| `([^`]+)`", Pattern.MULTILINE)
                    .matcher(text);
            assertThat(row.find()).isTrue();
            for (var field : List.of(row.group(1).split(", ", -1))) {
                assertThat(fact.path("payload").has(field.replaceFirst(":.*", "")))
                        .as("%s of %s", field, fact)
                        .isTrue();
            }
            fact.path("payload")
                    .path("changes")
                    .fieldNames()
                    .forEachRemaining(name -> assertThat(document.path("components")
                                    .path("schemas")
                                    .path("Workspace")
                                    .path("properties")
                                    .has(name))
                            .as(name)
                            .isTrue());
        }
    }

    /// Every required field is there, no field is undescribed, and the types fit.
    private static void assertShape(String schema, JsonNode body) {
        assertShape(schema, document.path("components").path("schemas").path(schema), body);
    }

    private static void assertShape(String at, JsonNode schema, JsonNode body) {
        if (schema.has("$ref")) {
            var name = schema.path("$ref").asText().replaceFirst(".*/", "");
            assertShape(at, document.path("components").path("schemas").path(name), body);
        } else if (schema.has("allOf")) {
            schema.path("allOf").forEach(part -> assertRequired(at, resolve(part), body));
        } else {
            assertType(at, schema.path("type"), body);
            if (schema.has("enum")) {
                assertThat(schema.path("enum")).as(at).contains(body);
            }
            if (body.isObject() && schema.has("properties")) {
                assertRequired(at, schema, body);
                body.properties().forEach(field -> {
                    var inner = schema.path("properties").path(field.getKey());
                    assertThat(inner.isMissingNode())
                            .as("%s.%s is not described: %s", at, field.getKey(), Json.text(body))
                            .isFalse();
                    assertShape(at + "." + field.getKey(), inner, field.getValue());
                });
            }
            if (body.isArray()) {
                body.forEach(item -> assertShape(at + "[]", schema.path("items"), item));
            }
        }
    }

    private static JsonNode resolve(JsonNode schema) {
        return schema.has("$ref")
                ? document.path("components")
                        .path("schemas")
                        .path(schema.path("$ref").asText().replaceFirst(".*/", ""))
                : schema;
    }

    private static void assertRequired(String at, JsonNode schema, JsonNode body) {
        schema.path("required").forEach(name -> {
            assertThat(body.has(name.asText()))
                    .as("%s lacks %s: %s", at, name, Json.text(body))
                    .isTrue();
        });
    }

    private static void assertType(String at, JsonNode type, JsonNode body) {
        if (type.isMissingNode()) {
            return;
        }
        var types = type.isArray() ? type : Json.array().add(type);
        var actual = body.isNull()
                ? "null"
                : body.isTextual()
                        ? "string"
                        : body.isBoolean()
                                ? "boolean"
                                : body.isObject()
                                        ? "object"
                                        : body.isArray() ? "array" : body.isIntegralNumber() ? "integer" : "number";
        var fits = false;
        for (var one : types) {
            fits |= one.asText().equals(actual) || (one.asText().equals("number") && actual.equals("integer"));
        }
        assertThat(fits).as("%s: expected %s, but found %s", at, types, actual).isTrue();
    }
}
