package ai.molecule.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.molecule.protocol.Json.MalformedException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WireTest {

    private static Wire wire(String json) throws MalformedException {
        return Wire.of(Json.read(json));
    }

    @Test
    void nullCountsAsAbsent() throws MalformedException {
        assertThat(wire("{\"a\":null}").text("a", "otherwise")).isEqualTo("otherwise");
    }

    @Test
    void nulInTextIsRefused() throws MalformedException {
        var wire = wire("{\"a\":\"x\\u0000y\"}");
        assertThatThrownBy(() -> wire.text("a", "")).hasMessageContaining("NUL");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1.5", "\"1\"", "true", "99999999999", "{}", "[1]", "1e400"})
    void whatIsNoWholeNumberIsRefused(String value) throws MalformedException {
        var wire = wire("{\"a\":" + value + "}");
        assertThatThrownBy(() -> wire.integer("a", 0)).isInstanceOf(WireException.class);
    }

    @Test
    void anArrayIsNoObject() throws MalformedException {
        var array = Json.read("[]");
        assertThatThrownBy(() -> Wire.of(array)).hasMessage("Expected a JSON object");
    }

    @Test
    void workspaceIdsAreUuids() throws MalformedException {
        var wire = wire("{\"a\":\"1-2-3-4-5\"}");
        assertThatThrownBy(() -> wire.workspaceId("a")).hasMessageContaining("UUID");
    }

    @Test
    void clippingKeepsSurrogatesWhole() {
        assertThat(Wire.clip("ab\uD83D\uDE00", 3)).isEqualTo("ab");
    }
}
