package ai.molecule.protocol;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;

/// How messages reach an agent.
public enum DeliveryMode {
    /// The platform calls its URL.
    PUSH,
    /// It asks for them.
    POLL,
    /// Over a connection that it opened.
    UPLINK;

    /// The word on the wire.
    public String wire() {
        return name().toLowerCase(Locale.ROOT);
    }

    /// Reads the word.
    ///
    /// @throws WireException when it is none
    public static DeliveryMode parse(String word) {
        return Arrays.stream(values())
                .filter(mode -> mode.wire().equals(word))
                .findFirst()
                .orElseThrow(() -> new WireException("Expected \"delivery_mode\" to be one of "
                        + Arrays.stream(values()).map(DeliveryMode::wire).collect(Collectors.joining(", "))
                        + ", but found " + word));
    }
}
