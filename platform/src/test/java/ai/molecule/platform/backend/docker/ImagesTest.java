package ai.molecule.platform.backend.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.molecule.platform.backend.BackendException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Pulls of a real engine from a small registry.
class ImagesTest {

    private TestRegistry registry;
    private TestEngine engine;
    private Images images;
    private final List<String> steps = new ArrayList<>();

    @BeforeEach
    void open() throws Exception {
        engine = TestEngine.of(UUID.randomUUID());
        registry = new TestRegistry();
        images = new Images(
                engine.engine(),
                Registries.parse(List.of(registry.host() + "=" + TestRegistry.USER + ":" + TestRegistry.PASSWORD)));
    }

    @AfterEach
    void close() throws IOException {
        registry.close();
        engine.close();
    }

    private String image() {
        return registry.host() + "/a/image:1";
    }

    @Test
    void whatIsMissingIsPulledOnceWithItsCredentials() throws Exception {
        assertThat(images.find(image())).isEmpty();
        var pulled = images.ensure(image(), steps::add);
        assertThat(pulled.getRepoDigests()).contains(registry.host() + "/a/image@" + registry.digest());
        assertThat(steps).first().isEqualTo("pulling " + image());
        var asked = registry.asked().size();
        assertThat(images.ensure(image(), steps::add).getId()).isEqualTo(pulled.getId());
        assertThat(registry.asked()).hasSize(asked);
    }

    @Test
    void aPinnedDigestIsThatImageAndNoOther() throws Exception {
        var pinned = registry.host() + "/a/image@" + registry.digest();
        assertThat(images.ensure(pinned, steps::add).getRepoDigests()).contains(pinned);
        var other = registry.host() + "/a/image@sha256:" + "0".repeat(64);
        assertThatThrownBy(() -> images.ensure(other, steps::add))
                .isInstanceOf(BackendException.class)
                .hasMessageContaining("no image has that name there");
    }

    @Test
    void withoutCredentialsTheRefusalSaysWhatIsMissing() {
        var stranger = new Images(engine.engine(), Registries.NONE);
        assertThatThrownBy(() -> stranger.ensure(registry.host() + "/a/image:2", steps::add))
                .hasMessageContaining("the registry wants credentials: REGISTRY_CREDENTIALS")
                .hasMessageNotContaining(TestRegistry.PASSWORD);
    }

    @Test
    void anUnknownTagIsNamed() {
        assertThatThrownBy(() -> images.ensure(registry.host() + "/a/image:none", steps::add))
                .hasMessageContaining("no image has that name there");
    }
}
