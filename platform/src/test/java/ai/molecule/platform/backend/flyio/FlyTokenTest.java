package ai.molecule.platform.backend.flyio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FlyTokenTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "fm2_abc|FlyV1 fm2_abc",
                "FlyV1 fm2_abc|FlyV1 fm2_abc",
                "Bearer FlyV1 fm2_abc|FlyV1 fm2_abc",
                "bearer  flyv1 fm2_abc|FlyV1 fm2_abc",
                "FlyV1 fm2_abc,fm2_def|FlyV1 fm2_abc,fm2_def",
                "FlyV1 fm2_abc, fo1_oauth,fm1r_x|FlyV1 fm2_abc,fm1r_x",
                "personal-token|Bearer personal-token",
                "Bearer personal-token|Bearer personal-token",
            })
    void everySpellingBecomesTheOneThatFlyUnderstands(String written, String header) {
        assertThat(FlyToken.header(written)).isEqualTo(header);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "  ", "two words", "line\nbreak"})
    void whatIsNoTokenIsRefused(String written) {
        assertThatThrownBy(() -> FlyToken.header(written)).isInstanceOf(IllegalArgumentException.class);
    }
}
