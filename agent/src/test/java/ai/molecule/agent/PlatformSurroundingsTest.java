package ai.molecule.agent;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.agent.uplink.Addresses;
import java.net.URI;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class PlatformSurroundingsTest {

    private static PlatformSurroundings around(Map<String, String> own, Map<String, String> secrets) {
        var line = new PlatformLine(new Addresses(List.of(URI.create("http://127.0.0.1:1/"))));
        return new PlatformSurroundings(line, () -> own, () -> secrets);
    }

    @Test
    void aServerThatThePlatformNamesDoesNotGetAKeyOfWhoeverRunsTheAgent() {
        var own = Map.of("ANTHROPIC_API_KEY", "mine", "OPENAI_API_KEY", "mine too", "PATH", "/bin");
        assertThat(around(own, Map.of("ANTHROPIC_BASE_URL", "http://theirs")).values())
                .doesNotContainKey("ANTHROPIC_API_KEY")
                .containsEntry("OPENAI_API_KEY", "mine too")
                .containsEntry("PATH", "/bin");
        assertThat(around(own, Map.of("ANTHROPIC_BASE_URL", "http://theirs", "ANTHROPIC_API_KEY", "theirs"))
                        .values())
                .containsEntry("ANTHROPIC_API_KEY", "theirs");
    }
}
