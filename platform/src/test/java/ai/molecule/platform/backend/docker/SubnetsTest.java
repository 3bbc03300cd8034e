package ai.molecule.platform.backend.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SubnetsTest {

    @Test
    void aRangeIsCutIntoBlocksOfEight() {
        var subnets = Subnets.parse("10.240.0.0/16");
        assertThat(subnets.count()).isEqualTo(8192);
        assertThat(subnets.block(0)).isEqualTo("10.240.0.0/29");
        assertThat(subnets.gateway(33)).isEqualTo("10.240.1.9");
        assertThat(subnets.agent(33)).isEqualTo("10.240.1.10");
        assertThat(subnets.block(8191)).isEqualTo("10.240.255.248/29");
    }

    @Test
    void aBlockIsKnownAgain() {
        var subnets = Subnets.parse("172.20.0.0/24");
        assertThat(subnets.indexOf(subnets.block(31))).contains(31);
        assertThat(subnets.indexOf("172.20.1.0/29")).isEmpty();
        assertThat(subnets.indexOf("10.0.0.0/8")).isEmpty();
        assertThat(subnets.indexOf("fd00::/64")).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "10.0.0.0", "10.0.0.1/16", "10.0.0.0/7", "10.0.0.0/25", "300.0.0.0/16", "::/16"})
    void whatIsNoRangeIsRefused(String text) {
        assertThatThrownBy(() -> Subnets.parse(text)).isInstanceOf(IllegalArgumentException.class);
    }
}
