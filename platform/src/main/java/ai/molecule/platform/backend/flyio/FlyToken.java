package ai.molecule.platform.backend.flyio;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/// Makes the one header that Fly understands of the many ways its tokens are written.
///
/// Source: superfly/fly-go, `tokens`: macaroons go under `FlyV1`, anything else under `Bearer`.
final class FlyToken {

    private static final Pattern SCHEME = Pattern.compile("^(?:bearer|flyv1)\\s+", Pattern.CASE_INSENSITIVE);
    private static final List<String> MACAROONS = List.of("fm2_", "fm1r_", "fm1a_");

    private FlyToken() {}

    /// The header's value.
    ///
    /// @throws IllegalArgumentException when there is nothing in it
    static String header(String written) {
        var bare = written.strip();
        for (var shorter = SCHEME.matcher(bare).replaceFirst("").strip();
                !shorter.equals(bare);
                shorter = SCHEME.matcher(bare).replaceFirst("").strip()) {
            bare = shorter;
        }
        var macaroons = new ArrayList<String>();
        for (var part : bare.split(",", -1)) {
            if (MACAROONS.stream().anyMatch(part.strip()::startsWith)) {
                macaroons.add(part.strip());
            }
        }
        if (bare.isEmpty() || !bare.matches("[\\x21-\\x7e]+(?:,\\s*[\\x21-\\x7e]+)*")) {
            throw new IllegalArgumentException("expected a token as `fly tokens create deploy` prints it");
        }
        return macaroons.isEmpty() ? "Bearer " + bare : "FlyV1 " + String.join(",", macaroons);
    }
}
