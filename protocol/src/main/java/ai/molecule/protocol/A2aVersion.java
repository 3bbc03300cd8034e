package ai.molecule.protocol;

import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The A2A versions spoken here, as negotiated by the `A2A-Version` header (A2A 1.0, section 3.6: empty means 0.3).
public enum A2aVersion {
    V0_3("0.3"),
    V1_0("1.0");

    /// The header that carries the version.
    public static final String HEADER = "A2A-Version";

    private final String wire;

    A2aVersion(String wire) {
        this.wire = wire;
    }

    /// The `Major.Minor` form of the wire.
    public String wire() {
        return wire;
    }

    /// Reads a header's value; absent or blank is 0.3, unknown is empty.
    public static Optional<A2aVersion> negotiate(@Nullable String header) {
        if (header == null || header.isBlank()) {
            return Optional.of(V0_3);
        }
        return switch (header.strip()) {
            case "0.3", "0.3.0" -> Optional.of(V0_3);
            case "1.0", "1.0.0", "1.0.1" -> Optional.of(V1_0);
            default -> Optional.empty();
        };
    }
}
