package ai.molecule.fly;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HexFormat;

/// Makes names as Fly does.
final class Ids {

    private static final String CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private static final SecureRandom RANDOM = new SecureRandom();

    private Ids() {}

    /// Some hexadecimal digits.
    static String hex(int digits) {
        var bytes = new byte[(digits + 1) / 2];
        RANDOM.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes).substring(0, digits);
    }

    /// 26 characters that sort by time.
    static String ulid(Instant now) {
        var text = new StringBuilder(26);
        var millis = now.toEpochMilli();
        for (var shift = 45; shift >= 0; shift -= 5) {
            text.append(CROCKFORD.charAt((int) (millis >> shift) & 31));
        }
        for (var i = 0; i < 16; i++) {
            text.append(CROCKFORD.charAt(RANDOM.nextInt(32)));
        }
        return text.toString();
    }

    static String digest(String text) {
        try {
            var hash = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return "sha256:" + HexFormat.of().formatHex(hash);
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException("Expected SHA-256, which every JDK has", impossible);
        }
    }
}
