package ai.molecule.platform.edge;

import java.time.Duration;

/// What one request may cost.
///
/// @param bodyBytes the largest body of an ordinary request
/// @param messageBytes the largest A2A message
/// @param bodyPatience how long a body may take to come
/// @param socketPatience how long a connection may be silent
public record Limits(int bodyBytes, int messageBytes, Duration bodyPatience, Duration socketPatience) {

    public static final Limits DEFAULT =
            new Limits(256 * 1024, 4 * 1024 * 1024, Duration.ofSeconds(30), Duration.ofSeconds(75));
}
