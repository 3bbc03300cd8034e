package ai.molecule.platform.backend.docker;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.platform.backend.HostAccess;
import ai.molecule.platform.backend.Size;
import com.github.dockerjava.api.model.Info;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What is asked of the engine; what comes of it is seen in `DockerHouseTest`, but for privileges, which a test
/// must not need.
class HardeningTest {

    private static final Size SIZE = new Size(512, 1);

    private final Hardening hardening = new Hardening(new Info().withNCPU(2).withMemTotal(4L << 30));

    @Test
    void nobodyIsPrivilegedUnlessItIsSaid() {
        var config = hardening.config(SIZE, HostAccess.NONE, "net", List.of());
        assertThat(config.getPrivileged()).isNull();
        assertThat(config.getCapDrop()).extracting(Enum::name).containsExactly("ALL");
        assertThat(config.getReadonlyRootfs()).isTrue();
        assertThat(Hardening.user(HostAccess.NONE)).isEqualTo("10001:10001");
    }

    @Test
    void whoIsPrivilegedKeepsItsLimits() {
        var host = new HostAccess("", false, true);
        var config = hardening.config(SIZE, host, "net", List.of());
        assertThat(config.getPrivileged()).isTrue();
        assertThat(config.getCapDrop()).isNull();
        assertThat(config.getReadonlyRootfs()).isNull();
        assertThat(config.getMemory()).isEqualTo(512L << 20);
        assertThat(config.getNanoCPUs()).isEqualTo(1_000_000_000L);
        assertThat(config.getNetworkMode()).isEqualTo("net");
        assertThat(Hardening.user(host)).isEqualTo("0:0");
    }

    @Test
    void aSizeIsCutToTheMachineAndThatIsSaid() {
        var wanted = new Size(8192, 4);
        assertThat(hardening.clamped(wanted)).contains("2 processors").contains("4096 MiB");
        assertThat(hardening.clamped(SIZE)).isEmpty();
        assertThat(hardening.config(wanted, HostAccess.NONE, "net", List.of()).getMemory())
                .isEqualTo(4L << 30);
    }
}
