package ai.molecule.platform.edge;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.platform.TestHouse;
import ai.molecule.protocol.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/// Secrets from the operator's hand to the agent's environment.
class SecretRoutesTest {

    private static TestHouse house;

    @BeforeAll
    static void open() throws Exception {
        house = TestHouse.open();
    }

    @AfterAll
    static void close() {
        house.close();
    }

    private static boolean inEnvironment(String id, String entry) {
        return ProcessHandle.allProcesses().anyMatch(process -> {
            try {
                var environment = Files.readString(
                        Path.of("/proc/" + process.pid() + "/environ"), java.nio.charset.StandardCharsets.ISO_8859_1);
                return environment.contains("WORKSPACE_ID=" + id) && environment.contains(entry + "\0");
            } catch (java.io.IOException gone) {
                return false;
            }
        });
    }

    @Test
    void aManagedAgentGetsThemInItsEnvironmentAndAChangeSaysWhoHasOldOnes() throws Exception {
        var id = house.create("{\"name\":\"managed\",\"secrets\":{\"API_KEY\":\"first\"}}");
        house.awaitStatus(id, "online");
        assertThat(inEnvironment(id, "API_KEY=first")).isTrue();
        var changed = house.post("/workspaces/" + id + "/secrets", "{\"key\":\"API_KEY\",\"value\":\"second\"}");
        assertThat(changed.text("status")).isEqualTo("saved");
        assertThat(changed.body().path("stale").path(0).asText()).isEqualTo(id);
        assertThat(house.status(id)).isEqualTo("online");
        var restarted = house.admin(
                "PUT", "/workspaces/" + id + "/secrets?restart=true", "{\"key\":\"API_KEY\",\"value\":\"third\"}");
        assertThat(restarted.body().path("stale")).isEmpty();
        org.awaitility.Awaitility.await().until(() -> inEnvironment(id, "API_KEY=third"));
        house.awaitStatus(id, "online");
    }

    @Test
    void aGlobalChangeTouchesWhoHasNoValueOfItsOwn() throws Exception {
        var own = house.create("{\"name\":\"own\",\"secrets\":{\"COMMON\":\"mine\"}}");
        var none = house.create("{\"name\":\"none\"}");
        house.awaitStatus(own, "online");
        house.awaitStatus(none, "online");
        var stale = house.post("/settings/secrets", "{\"key\":\"COMMON\",\"value\":\"all\"}")
                .body()
                .path("stale");
        assertThat(Json.text(stale)).contains(none).doesNotContain(own);
        house.admin("DELETE", "/settings/secrets/COMMON", "");
    }

    @Test
    void aRemoteAgentFetchesItsOwnAndNobodyElseCan() throws Exception {
        var id = house.create("{\"name\":\"remote\",\"runtime\":\"external\",\"secrets\":{\"TOKEN\":\"deep\"}}");
        var token = house.register(id, 1);
        var other = house.create("{\"name\":\"other\",\"runtime\":\"external\"}");
        var stranger = house.register(other, 1);
        house.post("/settings/secrets", "{\"key\":\"SHARED\",\"value\":\"wide\"}");
        var path = "/workspaces/" + id + "/secrets/values";
        var values = house.call("GET", path, token, "", Map.of());
        assertThat(Json.text(values.body())).isEqualTo("{\"SHARED\":\"wide\",\"TOKEN\":\"deep\"}");
        assertThat(values.response().headers().firstValue("cache-control")).contains("no-store");
        assertThat(house.call("GET", path, stranger, "", Map.of()).status()).isEqualTo(403);
        assertThat(house.get(path).status()).isEqualTo(403);
        assertThat(house.call(
                                "POST",
                                "/workspaces/" + id + "/secrets",
                                token,
                                "{\"key\":\"A\",\"value\":\"b\"}",
                                Map.of())
                        .status())
                .isEqualTo(403);
        var names = house.get("/workspaces/" + id + "/secrets");
        assertThat(Json.text(names.body()))
                .contains("TOKEN", "SHARED", "global")
                .doesNotContain("deep", "wide");
        assertThat(Json.text(house.get("/events").body()))
                .contains("SECRET_CHANGED")
                .doesNotContain("deep", "wide");
        assertThat(house.admin("DELETE", "/admin/secrets/SHARED", "").text("status"))
                .isEqualTo("deleted");
        assertThat(house.admin("DELETE", "/admin/secrets/SHARED", "").status()).isEqualTo(404);
        assertThat(house.call("GET", path, token, "", Map.of()).body().has("SHARED"))
                .isFalse();
    }

    @Test
    void aWorkspaceWithABadSecretIsNotMadeAtAll() throws Exception {
        var refused = house.post("/workspaces", "{\"name\":\"bad\",\"secrets\":{\"LD_PRELOAD\":\"x\"}}");
        assertThat(refused.status()).isEqualTo(400);
        assertThat(Json.text(house.get("/workspaces").body())).doesNotContain("\"bad\"");
        assertThat(house.post("/workspaces", "{\"name\":\"odd\",\"secrets\":{\"A\":7}}")
                        .status())
                .isEqualTo(400);
    }
}
