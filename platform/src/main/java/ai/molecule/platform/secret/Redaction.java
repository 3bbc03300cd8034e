package ai.molecule.platform.secret;

import java.util.List;
import java.util.regex.Pattern;

/// Takes out of a text what looks like a secret.
final class Redaction {

    static final String MARK = "[redacted]";

    /// How credentials look that carry their kind in front: ours, and those of providers that document a form for
    /// secret scanners.
    private static final List<Pattern> FORMS = List.of(
            Pattern.compile("mol_[a-z]+_[A-Za-z0-9]{20,}"),
            Pattern.compile("\\bsk-[A-Za-z0-9_-]{16,}"),
            Pattern.compile("\\bgh[pousr]_[A-Za-z0-9]{20,}"),
            Pattern.compile("\\bgithub_pat_[A-Za-z0-9_]{20,}"),
            Pattern.compile("\\bglpat-[A-Za-z0-9_-]{16,}"),
            Pattern.compile("\\bA(?:KIA|SIA)[0-9A-Z]{16}\\b"),
            Pattern.compile("\\bAIza[0-9A-Za-z_-]{35}"),
            Pattern.compile("\\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
            Pattern.compile("\\bFlyV1 [A-Za-z0-9_+/=,-]{16,}"),
            Pattern.compile("\\beyJ[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{10,}\\.[A-Za-z0-9_-]{5,}"),
            Pattern.compile("(?i)(?<=\\bbearer )[A-Za-z0-9._~+/-]{16,}=*"),
            Pattern.compile("-----BEGIN [A-Z ]*PRIVATE KEY-----[\\s\\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\\z)"));

    private Redaction() {}

    static String of(String text) {
        var clean = text;
        for (var form : FORMS) {
            clean = form.matcher(clean).replaceAll(MARK);
        }
        return clean;
    }
}
