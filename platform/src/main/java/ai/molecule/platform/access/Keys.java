package ai.molecule.platform.access;

import ai.molecule.protocol.WorkspaceId;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/// Derives secrets from the platform's key, so that they need not be stored.
public final class Keys {

    private static final String ALGORITHM = "HmacSHA256";

    private final SecretKeySpec key;

    /// @param platformKey `SECRETS_ENCRYPTION_KEY`, any text
    public Keys(String platformKey) {
        this.key = new SecretKeySpec(Token.sha256("molecule-keys|" + platformKey), ALGORITHM);
    }

    /// The secret that the platform shows to a workspace's agent when it calls it; a new one with every epoch.
    public String inboundSecret(WorkspaceId workspace, long epoch) {
        return sealed("inbound|" + workspace + "|" + epoch);
    }

    /// The secret that one process of the platform shows to another when it calls a workspace's agent through it.
    public String relaySecret(WorkspaceId workspace) {
        return sealed("relay|" + workspace);
    }

    private String sealed(String purpose) {
        try {
            var mac = Mac.getInstance(ALGORITHM);
            mac.init(key);
            var sealed = mac.doFinal(purpose.getBytes(StandardCharsets.UTF_8));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(sealed);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException("Expected " + ALGORITHM + " in every JDK", impossible);
        }
    }
}
