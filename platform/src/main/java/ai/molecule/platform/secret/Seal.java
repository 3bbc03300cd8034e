package ai.molecule.platform.secret;

import com.google.crypto.tink.Aead;
import com.google.crypto.tink.subtle.AesGcmJce;
import com.google.crypto.tink.subtle.Hkdf;
import com.google.crypto.tink.subtle.PrfHmacJce;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import javax.crypto.spec.SecretKeySpec;

/// AES-256-GCM under a key derived from the platform's (HKDF-SHA256, RFC 5869). What a text is for is bound in:
/// a sealed value that was moved elsewhere does not open.
final class Seal {

    private static final int KEY_BYTES = 32;

    private static final int MARK_BYTES = 16;

    private final Aead aead;
    private final PrfHmacJce marks;

    /// @param platformKey `SECRETS_ENCRYPTION_KEY`, any text
    Seal(String platformKey) {
        try {
            this.aead = new AesGcmJce(Hkdf.computeHkdf(
                    "HMACSHA256", bytes(platformKey), new byte[0], bytes("molecule secrets"), KEY_BYTES));
            this.marks = new PrfHmacJce(
                    "HMACSHA256",
                    new SecretKeySpec(
                            Hkdf.computeHkdf(
                                    "HMACSHA256", bytes(platformKey), new byte[0], bytes("molecule marks"), KEY_BYTES),
                            "HMAC"));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("Expected AES-GCM in every JDK", impossible);
        }
    }

    byte[] close(String value, String purpose) {
        try {
            return aead.encrypt(bytes(value), bytes(purpose));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("Expected to seal", impossible);
        }
    }

    /// @throws BrokenSealException when it was sealed with another key, for another purpose, or was changed
    String open(byte[] sealed, String purpose) throws BrokenSealException {
        try {
            return new String(aead.decrypt(sealed, bytes(purpose)), StandardCharsets.UTF_8);
        } catch (GeneralSecurityException broken) {
            throw new BrokenSealException(broken);
        }
    }

    /// The same for the same content only, and for who has the key.
    String mark(byte[] content) {
        try {
            return HexFormat.of().formatHex(marks.compute(content, MARK_BYTES));
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("Expected HMAC in every JDK", impossible);
        }
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /// Something does not open with this key.
    static final class BrokenSealException extends Exception {
        private static final long serialVersionUID = 1L;

        BrokenSealException(GeneralSecurityException cause) {
            super("Expected a value that this key sealed", cause);
        }
    }
}
