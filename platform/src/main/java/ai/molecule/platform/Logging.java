package ai.molecule.platform;

import ai.molecule.protocol.Json;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Level;
import java.util.logging.LogManager;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/// How the log looks: one line an entry on standard error, as text or as JSON.
final class Logging {

    private static final Logger LIBRARIES = Logger.getLogger("");
    private static final Logger LISTENER = Logger.getLogger("io.helidon.webserver.LoomServer");
    private static final Logger OURS = Logger.getLogger("ai.molecule");

    private Logging() {}

    static void configure(boolean json) {
        LogManager.getLogManager().reset();
        var handler = new ConsoleHandler();
        handler.setFormatter(json ? new JsonLines() : new TextLines());
        LIBRARIES.addHandler(handler);
        LIBRARIES.setLevel(Level.WARNING);
        OURS.setLevel(Level.INFO);
        // It reports a port that is taken with two stack traces, and so do we, in one line.
        LISTENER.setLevel(Level.OFF);
    }

    private static final class TextLines extends Formatter {
        @Override
        public String format(LogRecord entry) {
            return entry.getInstant() + " " + entry.getLevel() + " " + shortName(entry) + ": " + formatMessage(entry)
                    + "\n" + trace(entry);
        }
    }

    private static final class JsonLines extends Formatter {
        @Override
        public String format(LogRecord entry) {
            var line = Json.object()
                    .put("at", entry.getInstant().toString())
                    .put("level", entry.getLevel().getName())
                    .put("logger", entry.getLoggerName())
                    .put("message", formatMessage(entry));
            if (entry.getThrown() != null) {
                line.put("trace", trace(entry));
            }
            return Json.text(line) + "\n";
        }
    }

    private static String shortName(LogRecord entry) {
        var name = String.valueOf(entry.getLoggerName());
        return name.substring(name.lastIndexOf('.') + 1);
    }

    private static String trace(LogRecord entry) {
        if (entry.getThrown() == null) {
            return "";
        }
        var text = new StringWriter();
        entry.getThrown().printStackTrace(new PrintWriter(text));
        return text.toString();
    }
}
