package ai.molecule.platform.admission;

import ai.molecule.protocol.Json;
import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;

/// A CI's issuer of identity tokens on this machine: discovery, keys that can be rotated, tokens.
public final class LocalIssuer implements AutoCloseable {

    private final HttpServer server;
    private final AtomicInteger fetches = new AtomicInteger();
    private volatile RSAKey key = newKey("first");
    private volatile boolean broken;

    private LocalIssuer(HttpServer server) {
        this.server = server;
    }

    public static LocalIssuer open() throws IOException {
        var server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        var issuer = new LocalIssuer(server);
        server.createContext(
                "/.well-known/openid-configuration",
                exchange -> issuer.answer(
                        exchange,
                        Json.object()
                                .put("issuer", issuer.url())
                                .put("jwks_uri", issuer.url() + "/keys")
                                .toString()));
        server.createContext("/keys", exchange -> {
            issuer.fetches.incrementAndGet();
            issuer.answer(exchange, new JWKSet(issuer.key.toPublicJWK()).toString());
        });
        // For steps that ask their CI for a token, as GitHub's runners do.
        server.createContext("/token", exchange -> {
            var audience = exchange.getRequestURI().getQuery().replaceFirst("^.*audience=", "");
            var run = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"))
                    .replaceFirst("^(?i)bearer ", "");
            issuer.answer(
                    exchange,
                    Json.object()
                            .put("value", issuer.token(audience, run, Map.of()))
                            .toString());
        });
        server.start();
        return issuer;
    }

    public String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    /// A token of a run of `org/repo`, good for five minutes.
    public String token(String audience, String run, Map<String, Object> more) {
        var claims = new JWTClaimsSet.Builder()
                .issuer(url())
                .audience(List.of(audience))
                .subject("repo:org/repo:ref:refs/heads/main")
                .issueTime(Date.from(Instant.now()))
                .expirationTime(Date.from(Instant.now().plusSeconds(300)))
                .claim("repository", "org/repo")
                .claim("ref", "refs/heads/main")
                .claim("run_id", run);
        more.forEach(claims::claim);
        return sign(claims.build(), key);
    }

    /// Signs with a key that it never published.
    public String forged(String audience) {
        var claims = new JWTClaimsSet.Builder()
                .issuer(url())
                .audience(audience)
                .subject("repo:org/repo:ref:refs/heads/main")
                .issueTime(Date.from(Instant.now()))
                .expirationTime(Date.from(Instant.now().plusSeconds(300)))
                .claim("repository", "org/repo")
                .build();
        return sign(claims, newKey("first"));
    }

    void rotate(String name) {
        key = newKey(name);
    }

    void breakDown(boolean now) {
        broken = now;
    }

    int fetches() {
        return fetches.get();
    }

    private static String sign(JWTClaimsSet claims, RSAKey key) {
        try {
            var token = new SignedJWT(
                    new JWSHeader.Builder(JWSAlgorithm.RS256)
                            .keyID(key.getKeyID())
                            .build(),
                    claims);
            token.sign(new RSASSASigner(key));
            return token.serialize();
        } catch (JOSEException impossible) {
            throw new IllegalStateException("Expected to sign", impossible);
        }
    }

    private static RSAKey newKey(String name) {
        try {
            return new RSAKeyGenerator(2048).keyID(name).generate();
        } catch (JOSEException impossible) {
            throw new IllegalStateException("Expected RSA", impossible);
        }
    }

    private void answer(HttpExchange exchange, String text) throws IOException {
        var bytes = text.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(broken ? 503 : 200, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
