package ai.molecule.platform.backend.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RegistriesTest {

    @ParameterizedTest
    @CsvSource({
        "ghcr.io/me/agent:1,ghcr.io",
        "localhost/agent,localhost",
        "127.0.0.1:5000/a/b@sha256:00,127.0.0.1:5000",
        "me/agent,docker.io",
        "agent:latest,docker.io"
    })
    void aReferenceTellsItsRegistry(String image, String host) {
        assertThat(Registries.host(image)).isEqualTo(host);
    }

    @Test
    void credentialsAreShownToTheirRegistryOnly() {
        var registries = Registries.parse(List.of("ghcr.io=me:a:b=c", "docker.io=you:secret"));
        assertThat(registries.of("ghcr.io/me/agent").orElseThrow().getPassword())
                .isEqualTo("a:b=c");
        assertThat(registries.of("quay.io/me/agent")).isEmpty();
        assertThat(registries.toString()).doesNotContain("secret").doesNotContain("a:b=c");
    }

    @ParameterizedTest
    @ValueSource(strings = {"ghcr.io", "ghcr.io=me", "=me:pw", "ghcr.io=:pw", "ghcr.io=me:"})
    void whatIsNoCredentialIsRefusedWithoutBeingRepeated(String text) {
        assertThatThrownBy(() -> Registries.parse(List.of(text)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageNotContaining("me");
    }
}
