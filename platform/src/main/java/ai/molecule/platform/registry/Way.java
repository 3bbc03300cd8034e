package ai.molecule.platform.registry;

import ai.molecule.platform.store.Row;
import ai.molecule.protocol.A2aVersion;
import ai.molecule.protocol.Json;
import java.net.URI;
import java.util.Map;

/// How the current agent of a workspace is reached, as the view `ways` has it.
///
/// @param external true where the agent said its address itself
/// @param headers what calls must carry beside
/// @param speaks the A2A version to speak with it
/// @param streams true when it can answer with a stream
/// @param epoch which life of the agent it is
public record Way(
        boolean external, String address, Map<String, String> headers, A2aVersion speaks, boolean streams, long epoch) {

    /// What the address of a process in which an uplink ends begins with.
    public static final String UPLINK = "uplink+";

    public Way {
        headers = Map.copyOf(headers);
    }

    /// True where the agent opened a connection to us, and the address is that of the process in which it ends.
    public boolean uplinked() {
        return address.startsWith(UPLINK);
    }

    /// Where calls go.
    URI target() {
        return URI.create(uplinked() ? address.substring(UPLINK.length()) : address);
    }

    /// Reads the columns of the view.
    public static Way of(Row row) {
        return new Way(
                row.flag("external"),
                row.text("address"),
                Json.texts(row.text("headers")),
                A2aVersion.negotiate(row.text("speaks")).orElse(A2aVersion.V0_3),
                row.flag("streams"),
                row.number("epoch"));
    }
}
