package ai.molecule.platform.admission;

import ai.molecule.protocol.WireException;
import java.net.URI;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What a run shows to be let in.
public sealed interface Proof {

    /// A secret that was given to the pipeline.
    ///
    /// @param expiresAt until when it is good
    record Key(Instant expiresAt) implements Proof {}

    /// An identity token of the CI that the run is of (OpenID Connect Core 1.0, section 2).
    ///
    /// @param issuer whose tokens, exactly as `iss` says it
    /// @param audience whom they must be made for, `aud`
    /// @param claims what they must say besides: each claim one of its patterns, in which `*` is any text
    record Identity(String issuer, String audience, Map<String, List<String>> claims) implements Proof {

        private static final int CLAIMS_MAX = 20;
        private static final int PATTERNS_MAX = 50;
        private static final int TEXT_MAX = 500;

        public Identity {
            claims = claims.entrySet().stream()
                    .collect(Collectors.toMap(
                            Map.Entry::getKey, entry -> List.copyOf(entry.getValue()), (a, b) -> a, TreeMap::new));
            checkIssuer(issuer);
            checkText("audience", audience);
            if (claims.isEmpty() || claims.size() > CLAIMS_MAX) {
                throw new WireException("Expected \"claims\" with 1 to " + CLAIMS_MAX
                        + " claims, because the issuer alone admits everybody it serves");
            }
            claims.forEach((name, patterns) -> {
                if (patterns.isEmpty() || patterns.size() > PATTERNS_MAX) {
                    throw new WireException("Expected 1 to " + PATTERNS_MAX + " patterns for claim \"" + name + "\"");
                }
                Stream.concat(Stream.of(name), patterns.stream()).forEach(text -> checkText("claims", text));
            });
            Issuers.checkOwned(issuer, claims);
        }

        /// True when a token that says this is meant.
        ///
        /// @param said the token's claims
        boolean admits(Map<String, Object> said) {
            return claims.entrySet().stream().allMatch(wanted -> {
                var value = said.get(wanted.getKey());
                return value != null
                        && wanted.getValue().stream().anyMatch(pattern -> matches(pattern, String.valueOf(value)));
            });
        }

        private static boolean matches(String pattern, String value) {
            var parts = pattern.split("[*]", -1);
            if (parts.length == 1) {
                return pattern.equals(value);
            }
            var last = parts[parts.length - 1];
            if (!value.startsWith(parts[0]) || !value.endsWith(last)) {
                return false;
            }
            var from = parts[0].length();
            for (var part : Arrays.asList(parts).subList(1, parts.length - 1)) {
                var at = value.indexOf(part, from);
                if (at < 0) {
                    return false;
                }
                from = at + part.length();
            }
            return from <= value.length() - last.length();
        }

        private static void checkText(String field, String text) {
            if (text.isBlank() || text.length() > TEXT_MAX) {
                throw new WireException("Expected \"" + field + "\" of 1 to " + TEXT_MAX + " characters");
            }
        }

        private static void checkIssuer(String issuer) {
            checkText("issuer", issuer);
            try {
                var uri = URI.create(issuer);
                var here = "http".equals(uri.getScheme()) && Issuers.isThisMachine(uri.getHost());
                if (uri.getHost() != null && ("https".equals(uri.getScheme()) || here)) {
                    return;
                }
            } catch (IllegalArgumentException noUri) {
                // Refused like every other.
            }
            throw new WireException(
                    "Expected \"issuer\" to be an https address, or one of " + Issuers.NAMES + ", but found " + issuer);
        }
    }
}
