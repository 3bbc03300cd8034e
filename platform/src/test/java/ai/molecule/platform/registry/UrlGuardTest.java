package ai.molecule.platform.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.molecule.protocol.Network;
import ai.molecule.protocol.Refusal;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UrlGuardTest {

    private final UrlGuard urls = new UrlGuard(List.of(), "ALLOWED_AGENT_CIDRS", true, Network.DIRECT);

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://127.0.0.1:5432",
                "http://localhost/",
                "http://[::1]/",
                "http://10.1.2.3/",
                "http://172.31.0.1/",
                "http://192.168.1.1/",
                "http://169.254.169.254/latest/meta-data",
                "http://100.64.0.1/",
                "http://0.0.0.0/",
                "http://[fd00::1]/",
                "http://[::ffff:127.0.0.1]/",
                "http://2130706433/",
                "http://2130706433./",
                "http://0x7f.1/",
                "http://0x7f000001/",
                "http://0x7f.0.0.0x1/",
                "http://127.1/",
                "http://0177.0.0.1/",
                "http://0300.0250.1.1/",
                "http://010.1.2.3/",
                "http://127.0.0.01/",
                "http://127.0.0.1./",
                "http://localhost./",
                "http://256.0.0.1/",
                "http://1.2.3.4.5/",
                "http://example.0x/",
                "http://[::127.0.0.1]/",
                "http://[::ffff:7f00:1]/",
                "http://[::ffff:a9fe:a9fe]/",
                "http://[64:ff9b::a9fe:a9fe]/",
                "http://[2002:7f00:1::]/",
                "http://[2001:0:1::1]/",
                "http://[fe80::1%25eth0]/",
                "http://[fec0::1]/",
                "http://[fd00:ec2::254]/",
                "http://%31%32%37.0.0.1/",
                "http://\uff11\uff12\uff17.0.0.1/",
                "http://127.0.0.1\\@example.com/",
                "http://192.0.2.1/",
                "http://255.255.255.255/",
                "ftp://example.com/",
                "file:///etc/passwd",
                "//example.com",
                "http://",
                "http://user:pw@example.com/",
                "not a url"
            })
    void whatIsNotPublicIsRefused(String url) {
        assertThatThrownBy(() -> urls.checkWhenNamed(url)).as("when named").isInstanceOf(Refusal.class);
        assertThatThrownBy(() -> urls.checkBeforeCall(url))
                .isInstanceOfSatisfying(
                        Refusal.class,
                        refusal -> assertThat(refusal.reason()).isEqualTo(Refusal.Reason.URL_NOT_ALLOWED));
    }

    @Test
    void theOperatorMayAllowARange() {
        var office = new UrlGuard(List.of(Cidr.of("10.1.0.0/16")), "ALLOWED_AGENT_CIDRS", false, Network.DIRECT);
        assertThat(office.checkBeforeCall("http://10.1.2.3:8000/").getPort()).isEqualTo(8000);
        assertThatThrownBy(() -> office.checkBeforeCall("http://10.2.0.1/")).isInstanceOf(Refusal.class);
    }

    @Test
    void aNameThatDoesNotResolveYetMayRegisterButIsNotCalled() {
        var unknown = "https://your-agent.invalid/";
        assertThat(urls.checkWhenNamed(unknown).getHost()).isEqualTo("your-agent.invalid");
        assertThatThrownBy(() -> urls.checkBeforeCall(unknown)).hasMessageContaining("does not");
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.0/33", "10.0.0.0/-1", "example.com/8", "", "10.0.0", "fe80::/129", "x"})
    void whatIsNoRangeIsRefused(String text) {
        assertThat(Cidr.parse(text).filter(range -> !text.equals("10.0.0"))).isEmpty();
    }

    @Test
    void oneErrorForAllOfItTellsNothingOfWhatThereIs() {
        var words = Stream.of("10.1.2.3", "2130706433", "nobody.invalid", "localhost")
                .map(host -> {
                    try {
                        throw new IllegalStateException(
                                "Expected a refusal of " + urls.checkBeforeCall("http://" + host));
                    } catch (Refusal refusal) {
                        return String.valueOf(refusal.getMessage()).replace(host, "HOST");
                    }
                })
                .distinct()
                .toList();
        assertThat(words)
                .containsExactly(
                        "Expected a URL that leads to a public address or into ALLOWED_AGENT_CIDRS, but HOST does not");
    }

    @Test
    void aPublicAddressIsCalledByHttpsUnlessTheOperatorSaysOtherwise() {
        var strict = new UrlGuard(List.of(Cidr.of("10.1.0.0/16")), "ALLOWED_AGENT_CIDRS", false, Network.DIRECT);
        assertThatThrownBy(() -> strict.checkWhenNamed("http://8.8.8.8/"))
                .isInstanceOf(Refusal.class)
                .hasMessageContaining("https")
                .hasMessageContaining("ALLOW_HTTP_AGENTS");
        assertThat(strict.checkBeforeCall("https://8.8.8.8/").getHost()).isEqualTo("8.8.8.8");
        assertThat(strict.checkBeforeCall("http://10.1.2.3/").getHost()).isEqualTo("10.1.2.3");
        assertThat(urls.checkBeforeCall("http://8.8.8.8/").getHost()).isEqualTo("8.8.8.8");
    }
}
