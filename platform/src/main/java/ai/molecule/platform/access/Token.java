package ai.molecule.platform.access;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.CRC32;

/// A secret that proves who calls: `mol_<kind>_`, 43 random characters, and 6 that check the rest.
///
/// The prefix lets secret scanners find a leaked one; the checksum lets a mistyped or invented one be refused
/// without a look-up.
public final class Token {

    private static final SecureRandom RANDOM = new SecureRandom();
    private static final String DIGITS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    private static final int RANDOM_LENGTH = 43;
    private static final int CHECK_LENGTH = 6;

    private final Kind kind;
    private final String text;

    private Token(Kind kind, String text) {
        this.kind = kind;
        this.text = text;
    }

    /// What a token is for.
    enum Kind {
        AGENT("agt"),
        ENROLMENT("enr"),
        SESSION("ses"),
        LINK("lnk"),
        JOIN("jnk");

        private final String prefix;

        Kind(String name) {
            this.prefix = "mol_" + name + "_";
        }

        String column() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// Makes a new one.
    static Token random(Kind kind) {
        var bytes = new byte[32];
        RANDOM.nextBytes(bytes);
        var body = kind.prefix + base62(new BigInteger(1, bytes), RANDOM_LENGTH);
        return new Token(kind, body + check(body));
    }

    /// Reads one; empty when it is not one of ours or its checksum is wrong.
    static Optional<Token> parse(String text) {
        for (var kind : Kind.values()) {
            var bodyLength = kind.prefix.length() + RANDOM_LENGTH;
            if (text.startsWith(kind.prefix) && text.length() == bodyLength + CHECK_LENGTH) {
                var body = text.substring(0, bodyLength);
                return text.substring(bodyLength).equals(check(body))
                        ? Optional.of(new Token(kind, text))
                        : Optional.empty();
            }
        }
        return Optional.empty();
    }

    Kind kind() {
        return kind;
    }

    /// The secret itself; shown once to whom it is given, never stored.
    public String reveal() {
        return text;
    }

    /// What is stored of it.
    byte[] hash() {
        return sha256(text);
    }

    /// The hash as a map's key.
    String key() {
        return HexFormat.of().formatHex(hash());
    }

    static byte[] sha256(String text) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("Expected SHA-256 in every JDK", impossible);
        }
    }

    @Override
    public String toString() {
        return kind.prefix + "***";
    }

    private static String check(String body) {
        var crc = new CRC32();
        crc.update(body.getBytes(StandardCharsets.UTF_8));
        return base62(BigInteger.valueOf(crc.getValue()), CHECK_LENGTH);
    }

    private static String base62(BigInteger number, int length) {
        var digits = new char[length];
        var rest = number;
        var base = BigInteger.valueOf(DIGITS.length());
        for (int i = length - 1; i >= 0; i--) {
            var division = rest.divideAndRemainder(base);
            digits[i] = DIGITS.charAt(division[1].intValue());
            rest = division[0];
        }
        return new String(digits);
    }
}
