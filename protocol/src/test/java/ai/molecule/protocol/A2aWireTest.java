package ai.molecule.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.protocol.Json.MalformedException;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class A2aWireTest {

    private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");

    private final Task task = Task.submitted("t", "c", new Message("m", "c", "t", true, List.of("hi")), NOW)
            .wrote("answer", "answer", "hello")
            .in(TaskState.COMPLETED, null, NOW);

    @Test
    void version1HasNoKindAnywhere() {
        var text = Json.text(new StreamEvent.Snapshot(task).toJson(A2aVersion.V1_0));
        assertThat(text)
                .isEqualTo("{\"task\":{\"id\":\"t\",\"contextId\":\"c\",\"status\":{\"state\":\"TASK_STATE_COMPLETED\","
                        + "\"timestamp\":\"2026-11-23T12:00:00Z\"},\"artifacts\":[{\"artifactId\":\"answer\",\"name\":\"answer\","
                        + "\"parts\":[{\"text\":\"hello\"}]}],\"history\":[{\"role\":\"ROLE_USER\",\"messageId\":\"m\","
                        + "\"contextId\":\"c\",\"taskId\":\"t\",\"parts\":[{\"text\":\"hi\"}]}]}}");
    }

    @Test
    void version03TellsEventsApartByKind() {
        var update = new StreamEvent.StatusUpdate(task).toJson(A2aVersion.V0_3);
        assertThat(Json.text(update))
                .isEqualTo("{\"taskId\":\"t\",\"contextId\":\"c\",\"status\":{\"state\":\"completed\","
                        + "\"timestamp\":\"2026-11-23T12:00:00Z\"},\"kind\":\"status-update\",\"final\":true}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"parts\":[{\"kind\":\"text\",\"text\":\"hi\"}],\"messageId\":\"m\",\"role\":\"user\"}",
                "{\"parts\":[{\"type\":\"text\",\"text\":\"hi\"}],\"message_id\":\"m\",\"role\":\"user\"}",
                "{\"parts\":[{\"text\":\"hi\",\"unknown\":1}],\"messageId\":\"m\",\"role\":\"ROLE_USER\",\"extra\":{}}"
            })
    void messagesAreReadInEverySpelling(String json) throws MalformedException {
        assertThat(Message.read(Json.read(json))).contains(new Message("m", null, null, true, List.of("hi")));
    }

    @Test
    void aMessageWithoutPartsIsNone() throws MalformedException {
        assertThat(Message.read(Json.read("{\"parts\":[]}"))).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.1", "2.0", "1", "latest"})
    void unknownVersionsAreNotGuessed(String header) {
        assertThat(A2aVersion.negotiate(header)).isEmpty();
    }

    @Test
    void anAbsentVersionIs03() {
        assertThat(A2aVersion.negotiate(null)).contains(A2aVersion.V0_3);
    }

    @Test
    void everyMethodIsKnownByBothNames() {
        for (var method : A2aMethod.values()) {
            for (var version : A2aVersion.values()) {
                assertThat(A2aMethod.parse(method.name(version))).contains(new A2aMethod.Spoken(method, version));
            }
        }
    }

    @Test
    void publishedCardsNameOnlyThePlatform() throws MalformedException {
        var registered = Json.read("{\"name\":\"mine\",\"url\":\"http://10.0.0.7:8000\",\"skills\":[{\"id\":\"s\"}],"
                + "\"supportedInterfaces\":[{\"url\":\"http://10.0.0.7:8000\"}],\"signatures\":[{}],\"custom\":true}");
        var base = "https://molecule.example/workspaces/x/a2a/";
        var card = AgentCard.published(registered, "Writer", "writes", base);
        assertThat(Json.text(card)).doesNotContain("10.0.0.7").doesNotContain("signatures");
        assertThat(card.path("name").asText()).isEqualTo("Writer");
        assertThat(card.path("custom").asBoolean()).isTrue();
        assertThat(card.path("supportedInterfaces").findValuesAsText("protocolVersion"))
                .containsExactly("1.0", "1.0", "0.3");
        assertThat(card.has("url")).isFalse();
        assertThat(AgentCard.forBoth(card, base).path("url").asText()).isEqualTo(base);
    }
}
