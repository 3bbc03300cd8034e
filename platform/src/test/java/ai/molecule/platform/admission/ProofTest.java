package ai.molecule.platform.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.molecule.protocol.WireException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ProofTest {

    private static Proof.Identity github(String claim, String... patterns) {
        return new Proof.Identity(Issuers.resolve("github"), "us", Map.of(claim, List.of(patterns)));
    }

    @ParameterizedTest
    @CsvSource({
        "org/repo,       org/repo,        true",
        "org/repo,       org/repo2,       false",
        "org/*,          org/repo,        true",
        "org/*,          orgs/repo,       false",
        "org/*-prod,     org/app-prod,    true",
        "org/*-prod,     org/-prod,       true",
        "org/*-prod,     org/app-prod2,   false",
        "org/a*b*c,      org/a1b2c,       true",
        "org/a*b*c,      org/abc,         true",
        "org/a*b*c,      org/ac,          false",
        "org/a*a,        org/a,           false",
        "org/.*,         org/anything,    false"
    })
    void aPatternMeansWhatItSays(String pattern, String said, boolean admitted) {
        assertThat(github("repository", pattern).admits(Map.of("repository", said)))
                .isEqualTo(admitted);
    }

    @Test
    void everyClaimIsWantedAndOneOfItsPatterns() {
        var proof = new Proof.Identity(
                "https://gitlab.example",
                "us",
                Map.of("project_path", List.of("a/b", "a/c"), "ref_protected", List.of("true")));
        assertThat(proof.admits(Map.of("project_path", "a/c", "ref_protected", true)))
                .isTrue();
        assertThat(proof.admits(Map.of("project_path", "a/c"))).isFalse();
        assertThat(proof.admits(Map.of("project_path", "a/d", "ref_protected", "true")))
                .isFalse();
    }

    @Test
    void aRuleThatWouldLetInStrangersIsRefused() {
        for (var open : List.of("*", "*/repo", "o*/repo")) {
            assertThatThrownBy(() -> github("repository", open)).as(open).isInstanceOf(WireException.class);
        }
        assertThatThrownBy(() -> github("sub", "repo:*"))
                .hasMessageContaining("whose runs are meant")
                .hasMessageContaining("repository");
        assertThatThrownBy(() -> github("ref", "refs/heads/main"))
                .as("the whole world has a main branch")
                .isInstanceOf(WireException.class);
        assertThatThrownBy(() -> github("repository", "org/repo", "*"))
                .as("one open pattern opens the claim")
                .isInstanceOf(WireException.class);
        assertThatThrownBy(() -> github("job_workflow_ref", "org/shared/.github/workflows/x.yml@refs/heads/main"))
                .as("strangers may use a workflow of ours")
                .isInstanceOf(WireException.class);
        assertThatCode(() -> github("repository_owner", "org")).doesNotThrowAnyException();
        assertThatThrownBy(() -> new Proof.Identity("https://ci.example", "us", Map.of()))
                .isInstanceOf(WireException.class);
    }

    @Test
    void anIssuerIsReachedSafelyOrNotAtAll() {
        var claims = Map.of("repository", List.of("org/repo"));
        for (var bad : List.of("http://ci.example", "ftp://ci.example", "ci.example", "https://", "://")) {
            assertThatThrownBy(() -> new Proof.Identity(bad, "us", claims))
                    .as(bad)
                    .hasMessageContaining("[buildkite, github, gitlab]");
        }
        assertThatCode(() -> new Proof.Identity("http://localhost:9", "us", claims))
                .doesNotThrowAnyException();
    }
}
