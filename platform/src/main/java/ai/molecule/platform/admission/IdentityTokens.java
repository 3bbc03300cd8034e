package ai.molecule.platform.admission;

import ai.molecule.protocol.Refusal;
import ai.molecule.protocol.Refusal.Reason;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.proc.BadJOSEException;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.nimbusds.jwt.proc.DefaultJWTClaimsVerifier;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.net.http.HttpClient;
import java.text.ParseException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Date;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Believes identity tokens of issuers (JSON Web Tokens, RFC 7519): signed by a key that the issuer publishes, and in
/// their time. The keys are kept for a while (soft), and fetched anew when a token names one that is not known.
final class IdentityTokens {

    private static final Logger LOG = LoggerFactory.getLogger(IdentityTokens.class);
    private static final Duration KEYS_LIFE = Duration.ofMinutes(10);
    private static final Duration FETCH_PATIENCE = Duration.ofSeconds(15);
    private static final Duration OUTAGE_PATIENCE = Duration.ofHours(4);
    private static final Duration UNKNOWN_KEY_PACE = Duration.ofSeconds(30);
    private static final Duration CLOCK_SKEW = Duration.ofSeconds(60);

    /// Signatures only somebody with a private key can make: never `none`, never a shared secret (RFC 8725, section
    /// 3.1).
    private static final Set<JWSAlgorithm> ALGORITHMS = Set.of(
            JWSAlgorithm.RS256,
            JWSAlgorithm.RS384,
            JWSAlgorithm.RS512,
            JWSAlgorithm.PS256,
            JWSAlgorithm.PS384,
            JWSAlgorithm.PS512,
            JWSAlgorithm.ES256,
            JWSAlgorithm.ES384,
            JWSAlgorithm.ES512);

    private final HttpClient http;
    private final InstantSource clock;
    private final Map<String, JWKSource<SecurityContext>> keys = new ConcurrentHashMap<>();

    IdentityTokens(HttpClient http, InstantSource clock) {
        this.http = http;
        this.clock = clock;
    }

    /// Who says that he issued a token; nothing of it is proven yet.
    ///
    /// @throws Refusal `invalid_token` when it is no token of this kind
    static String issuer(String bearer) {
        try {
            var issuer = SignedJWT.parse(bearer).getJWTClaimsSet().getIssuer();
            if (issuer != null && issuer.indexOf('\0') < 0) {
                return issuer;
            }
        } catch (ParseException noToken) {
            // Refused like one without an issuer.
        }
        throw new Refusal(
                Reason.INVALID_TOKEN, "Expected a join key, or an identity token (a signed JWT) that names its issuer");
    }

    /// What a token says, once it is proven.
    ///
    /// @param issuer one that a rule believes
    /// @throws Refusal `invalid_token`, with what is wrong; `unavailable` when the issuer's keys cannot be had
    JWTClaimsSet verify(String bearer, String issuer) {
        var processor = new DefaultJWTProcessor<SecurityContext>();
        processor.setJWSKeySelector(new JWSVerificationKeySelector<>(
                ALGORITHMS, keys.computeIfAbsent(issuer, named -> source(new IssuerKeys(named, http)))));
        processor.setJWTClaimsSetVerifier(new Times(issuer));
        try {
            return processor.process(bearer, null);
        } catch (KeySourceException unreachable) {
            LOG.warn("The keys of {} cannot be had: {}", issuer, unreachable.getMessage());
            throw new Refusal(
                    Reason.UNAVAILABLE, "Expected the keys of " + issuer + ", but they cannot be had just now");
        } catch (ParseException | BadJOSEException | JOSEException bad) {
            throw new Refusal(
                    Reason.INVALID_TOKEN, "Expected a good token of " + issuer + ", but: " + bad.getMessage());
        }
    }

    private static JWKSource<SecurityContext> source(IssuerKeys issuer) {
        return JWKSourceBuilder.create(issuer)
                .cache(KEYS_LIFE.toMillis(), FETCH_PATIENCE.toMillis())
                .refreshAheadCache(false)
                .rateLimited(UNKNOWN_KEY_PACE.toMillis())
                .outageTolerant(OUTAGE_PATIENCE.toMillis())
                .build();
    }

    /// By our clock.
    private final class Times extends DefaultJWTClaimsVerifier<SecurityContext> {

        Times(String issuer) {
            super(new JWTClaimsSet.Builder().issuer(issuer).build(), Set.of("exp", "iat", "sub", "aud"));
            setMaxClockSkew((int) CLOCK_SKEW.toSeconds());
        }

        @Override
        protected Date currentTime() {
            return Date.from(clock.instant());
        }
    }
}
