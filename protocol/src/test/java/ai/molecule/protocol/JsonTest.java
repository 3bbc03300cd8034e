package ai.molecule.protocol;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.molecule.protocol.Json.MalformedException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class JsonTest {

    @Test
    void depthBeyondTheLimitIsRefused() {
        var deep = "[".repeat(10_000) + "]".repeat(10_000);
        assertThatThrownBy(() -> Json.read(deep)).isInstanceOf(MalformedException.class);
    }

    @Test
    void depthWithinTheLimitIsRead() throws MalformedException {
        var nested = "[".repeat(Json.DEPTH_MAX) + "]".repeat(Json.DEPTH_MAX);
        assertThat(Json.text(Json.read(nested))).isEqualTo(nested);
    }

    @Test
    void invalidUtf8IsRefused() {
        byte[] bytes = {'"', (byte) 0xC3, (byte) 0x28, '"'};
        assertThatThrownBy(() -> Json.read(bytes)).hasMessageContaining("UTF-8");
    }

    @Test
    void overlongUtf8IsRefused() {
        byte[] bytes = {'"', (byte) 0xC0, (byte) 0xAF, '"'};
        assertThatThrownBy(() -> Json.read(bytes)).hasMessageContaining("UTF-8");
    }

    @Test
    void textAfterTheValueIsRefused() {
        assertThatThrownBy(() -> Json.read("{} {}")).isInstanceOf(MalformedException.class);
    }

    @Test
    void nothingIsRefused() {
        assertThatThrownBy(() -> Json.read("  ")).hasMessageContaining("nothing");
    }

    @Test
    void numbersOfAbsurdLengthAreRefused() {
        assertThatThrownBy(() -> Json.read("9".repeat(5000))).isInstanceOf(MalformedException.class);
    }

    @Test
    void writingIsCompactUtf8() {
        assertThat(Json.bytes(Json.object().put("a", "ü"))).isEqualTo("{\"a\":\"ü\"}".getBytes(StandardCharsets.UTF_8));
    }
}
