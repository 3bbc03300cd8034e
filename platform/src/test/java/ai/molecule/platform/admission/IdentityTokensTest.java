package ai.molecule.platform.admission;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.MACSigner;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.PlainJWT;
import com.nimbusds.jwt.SignedJWT;
import java.net.http.HttpClient;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Date;
import java.util.Map;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class IdentityTokensTest {

    private final HttpClient http = HttpClient.newHttpClient();
    private final IdentityTokens tokens = new IdentityTokens(http, InstantSource.system());
    private LocalIssuer issuer;

    @BeforeEach
    void open() throws Exception {
        issuer = LocalIssuer.open();
    }

    @AfterEach
    void close() {
        issuer.close();
        http.close();
    }

    private static void assertRefused(Reason reason, String why, ThrowingCallable call) {
        assertThatThrownBy(call).isInstanceOfSatisfying(Refusal.class, refusal -> {
            assertThat(refusal.reason()).isEqualTo(reason);
            assertThat(refusal.getMessage()).contains(why);
        });
    }

    private void assertBad(String why, String token) {
        assertRefused(Reason.INVALID_TOKEN, why, () -> tokens.verify(token, issuer.url()));
    }

    @Test
    void whatTheIssuerSignedIsBelievedAndItsKeysAreFetchedOnce() throws Exception {
        for (var run = 0; run < 20; run++) {
            var claims = tokens.verify(issuer.token("us", "run " + run, Map.of()), issuer.url());
            assertThat(claims.getStringClaim("run_id")).isEqualTo("run " + run);
        }
        assertThat(issuer.fetches()).isEqualTo(1);
    }

    @Test
    void aRotatedKeyIsFoundAtOnce() {
        tokens.verify(issuer.token("us", "1", Map.of()), issuer.url());
        issuer.rotate("second");
        assertThat(tokens.verify(issuer.token("us", "2", Map.of()), issuer.url())
                        .getSubject())
                .startsWith("repo:org/repo");
        assertThat(issuer.fetches()).isEqualTo(2);
    }

    @Test
    void keysThatAreKnownServeWhileTheIssuerIsAway() {
        tokens.verify(issuer.token("us", "1", Map.of()), issuer.url());
        issuer.breakDown(true);
        assertThat(tokens.verify(issuer.token("us", "2", Map.of()), issuer.url())
                        .getIssuer())
                .isEqualTo(issuer.url());
    }

    @Test
    void anIssuerThatNeverAnsweredIsUnavailableAndNotForbidden() {
        issuer.breakDown(true);
        assertRefused(
                Reason.UNAVAILABLE,
                "the keys of " + issuer.url(),
                () -> tokens.verify(issuer.token("us", "1", Map.of()), issuer.url()));
    }

    @Test
    void whatSomebodyElseSignedIsNotBelieved() throws Exception {
        assertBad("signature", issuer.forged("us"));
        var claims = new JWTClaimsSet.Builder()
                .issuer(issuer.url())
                .audience("us")
                .subject("me")
                .issueTime(Date.from(Instant.now()))
                .expirationTime(Date.from(Instant.now().plusSeconds(300)))
                .build();
        assertRefused(Reason.INVALID_TOKEN, "signed", () -> IdentityTokens.issuer(new PlainJWT(claims).serialize()));
        assertBad("", new PlainJWT(claims).serialize());
        var shared = new SignedJWT(new JWSHeader(JWSAlgorithm.HS256), claims);
        shared.sign(new MACSigner("a secret that everybody knows, long enough"));
        assertBad("", shared.serialize());
    }

    @Test
    void aTokenIsGoodOnlyInItsTime() {
        var past = Date.from(Instant.now().minusSeconds(120));
        assertBad("Expired", issuer.token("us", "1", Map.of("exp", past)));
        var soon = Date.from(Instant.now().plusSeconds(120));
        assertBad("before use time", issuer.token("us", "1", Map.of("nbf", soon)));
        assertThat(tokens.verify(
                                issuer.token(
                                        "us",
                                        "1",
                                        Map.of("nbf", Date.from(Instant.now().plusSeconds(30)))),
                                issuer.url())
                        .getSubject())
                .as("clocks may differ a little")
                .isNotEmpty();
    }

    @Test
    void whatIsNoTokenIsRefused() {
        for (var nothing : new String[] {"", "x", "a.b.c", "eyJhbGciOiJSUzI1NiJ9.e30.AA"}) {
            assertRefused(Reason.INVALID_TOKEN, "join key", () -> IdentityTokens.issuer(nothing));
        }
    }
}
