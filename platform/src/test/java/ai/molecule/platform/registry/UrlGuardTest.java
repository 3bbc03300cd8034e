package ai.molecule.platform.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.molecule.protocol.Refusal;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UrlGuardTest {

    private final UrlGuard urls = new UrlGuard(List.of(), "ALLOWED_AGENT_CIDRS");

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
                "http://0x7f.1/",
                "ftp://example.com/",
                "file:///etc/passwd",
                "//example.com",
                "http://",
                "http://user:pw@example.com/",
                "not a url"
            })
    void whatIsNotPublicIsRefused(String url) {
        assertThatThrownBy(() -> urls.checkBeforeCall(url))
                .isInstanceOfSatisfying(
                        Refusal.class,
                        refusal -> assertThat(refusal.reason()).isEqualTo(Refusal.Reason.URL_NOT_ALLOWED));
    }

    @Test
    void theOperatorMayAllowARange() {
        var office = new UrlGuard(List.of(Cidr.of("10.1.0.0/16")), "ALLOWED_AGENT_CIDRS");
        assertThat(office.checkBeforeCall("http://10.1.2.3:8000/").getPort()).isEqualTo(8000);
        assertThatThrownBy(() -> office.checkBeforeCall("http://10.2.0.1/")).isInstanceOf(Refusal.class);
    }

    @Test
    void aNameThatDoesNotResolveYetMayRegisterButIsNotCalled() {
        var unknown = "https://your-agent.invalid/";
        assertThat(urls.checkWhenNamed(unknown).getHost()).isEqualTo("your-agent.invalid");
        assertThatThrownBy(() -> urls.checkBeforeCall(unknown)).hasMessageContaining("resolve");
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.0/33", "10.0.0.0/-1", "example.com/8", "", "10.0.0", "fe80::/129", "x"})
    void whatIsNoRangeIsRefused(String text) {
        assertThat(Cidr.parse(text).filter(range -> !text.equals("10.0.0"))).isEmpty();
    }
}
