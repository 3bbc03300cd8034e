package ai.molecule.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.molecule.protocol.JsonRpc.Fault;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RestBindingTest {

    @ParameterizedTest
    @CsvSource({
        "POST, message:send, SEND",
        "POST, message:stream, STREAM",
        "GET, tasks, LIST",
        "GET, tasks/7, GET",
        "POST, tasks/7:cancel, CANCEL",
        "GET, tasks/7:subscribe, SUBSCRIBE",
        "POST, tasks/7:subscribe, SUBSCRIBE",
        "POST, tasks/7/pushNotificationConfigs, CREATE_PUSH",
        "GET, tasks/7/pushNotificationConfigs, LIST_PUSH",
        "GET, tasks/7/pushNotificationConfigs/c, GET_PUSH",
        "DELETE, tasks/7/pushNotificationConfigs/c, DELETE_PUSH",
        "GET, extendedAgentCard, EXTENDED_CARD"
    })
    void everyOperationHasItsPath(String verb, String path, A2aMethod method) throws Fault {
        assertThat(RestBinding.read(verb, path, Map.of(), Json.object())
                        .orElseThrow()
                        .method())
                .isEqualTo(method);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"GET message:send", "POST tasks/7", "DELETE tasks/7", "GET tasks/7:cancel", "GET other", "GET "})
    void otherPathsMeanNothing(String request) throws Fault {
        var parts = request.split(" ", -1);
        assertThat(RestBinding.read(parts[0], parts[1], Map.of(), Json.object()))
                .isEmpty();
    }

    @Test
    void idsInThePathCountMoreThanThoseInTheBody() throws Fault {
        var body = Json.object().put("taskId", "other").put("url", "u");
        var call = RestBinding.read("POST", "tasks/7/pushNotificationConfigs", Map.of(), body)
                .orElseThrow();
        assertThat(call.text("taskId")).isEqualTo("7");
    }

    @Test
    void parametersOfTheQueryHaveTheirTypes() throws Fault {
        var query = Map.of("page_size", "5", "includeArtifacts", "true", "contextId", "7");
        var params = RestBinding.read("GET", "tasks", query, Json.object())
                .orElseThrow()
                .params();
        assertThat(params.path("pageSize").intValue()).isEqualTo(5);
        assertThat(params.path("includeArtifacts").booleanValue()).isTrue();
        assertThat(params.path("contextId").textValue()).isEqualTo("7");
        assertThatThrownBy(() -> RestBinding.read("GET", "tasks", Map.of("pageSize", "many"), Json.object()))
                .isInstanceOf(Fault.class);
    }
}
