package ai.molecule.platform;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/// The `.env` file of the working directory: `NAME=value` lines, comments with `#`, quotes around a value are
/// dropped.
final class EnvFile {

    private static final Pattern LINE =
            Pattern.compile("\\s*(?:export\\s+)?([A-Za-z_][A-Za-z0-9_]*)\\s*=\\s*(.*?)\\s*");

    private EnvFile() {}

    /// The real environment over what the file says; a file that is not there says nothing.
    static Map<String, String> under(Map<String, String> real, Path file) throws IOException {
        var all = new LinkedHashMap<String, String>();
        if (Files.isRegularFile(file)) {
            for (var line : Files.readAllLines(file)) {
                var match = LINE.matcher(line);
                if (!line.stripLeading().startsWith("#") && match.matches()) {
                    all.put(match.group(1), value(match.group(2)));
                }
            }
        }
        all.putAll(real);
        return all;
    }

    private static String value(String text) {
        for (var quote : new String[] {"\"", "'"}) {
            if (text.length() >= 2 && text.startsWith(quote) && text.endsWith(quote)) {
                return text.substring(1, text.length() - 1);
            }
        }
        return text.replaceFirst("\\s+#.*$", "");
    }
}
