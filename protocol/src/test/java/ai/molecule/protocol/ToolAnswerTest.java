package ai.molecule.protocol;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ToolAnswerTest {

    @ParameterizedTest
    @ValueSource(strings = {"1", "[]", "[{\"id\":\"a\"}]", "true", "\"words\"", "null"})
    void whatIsJsonAndNoObjectIsPutIntoOne(String text) {
        assertThat(Json.text(ToolAnswer.structured(text).orElseThrow())).isEqualTo("{\"result\":" + text + "}");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "sent", "1 sheep", "{\"status\":\"pending\"}", "[", "[1] [2]"})
    void anythingElseIsText(String text) {
        assertThat(ToolAnswer.structured(text)).isEmpty();
    }
}
