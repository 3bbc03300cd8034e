package ai.molecule.platform.admission;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.nimbusds.jose.KeySourceException;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.JWKSetCacheRefreshEvaluator;
import com.nimbusds.jose.jwk.source.JWKSetSource;
import com.nimbusds.jose.jwk.source.JWKSetUnavailableException;
import com.nimbusds.jose.proc.SecurityContext;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.text.ParseException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// The keys that an issuer publishes (OpenID Connect Discovery 1.0, section 4; RFC 7517).
final class IssuerKeys implements JWKSetSource<SecurityContext> {

    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final int ANSWER_MAX = 1024 * 1024;
    private static final String WELL_KNOWN = "/.well-known/openid-configuration";

    private final String issuer;
    private final HttpClient http;

    IssuerKeys(String issuer, HttpClient http) {
        this.issuer = issuer;
        this.http = http;
    }

    @Override
    public JWKSet getJWKSet(JWKSetCacheRefreshEvaluator evaluator, long currentTime, SecurityContext context)
            throws KeySourceException {
        try {
            var about = fetch(issuer.replaceFirst("/$", "") + WELL_KNOWN);
            if (!about.path("issuer").asText().equals(issuer)) {
                throw new IOException("it says that it is " + about.path("issuer"));
            }
            var where = about.path("jwks_uri").asText();
            if (!where.startsWith("https://")
                    && !Issuers.isThisMachine(URI.create(where).getHost())) {
                throw new IOException("its keys are not at an https address: " + where);
            }
            return JWKSet.parse(fetch(where).toString());
        } catch (IOException | ParseException | IllegalArgumentException bad) {
            throw new JWKSetUnavailableException("Expected keys of " + issuer + ", but: " + bad, bad);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
            throw new JWKSetUnavailableException("Stopping", stopping);
        }
    }

    private JsonNode fetch(String where) throws IOException, InterruptedException {
        var sent = http.sendAsync(
                HttpRequest.newBuilder(URI.create(where)).timeout(PATIENCE).build(),
                BodyHandlers.limiting(BodyHandlers.ofByteArray(), ANSWER_MAX));
        var answer = whole(where, sent);
        if (answer.statusCode() != 200) {
            throw new IOException(where + " answered " + answer.statusCode());
        }
        try {
            return Json.read(answer.body());
        } catch (Json.MalformedException bad) {
            throw new IOException("expected JSON from " + where, bad);
        }
    }

    /// The whole of an answer, for which there is as much time as for its head.
    private static HttpResponse<byte[]> whole(String where, CompletableFuture<HttpResponse<byte[]>> sent)
            throws IOException, InterruptedException {
        try {
            return sent.get(PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
        } catch (ExecutionException | TimeoutException failed) {
            sent.cancel(true);
            throw new IOException("no whole answer from " + where, failed);
        }
    }

    @Override
    public void close() {
        // The client is shared.
    }
}
