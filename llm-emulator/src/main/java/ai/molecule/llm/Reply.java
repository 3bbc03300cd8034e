package ai.molecule.llm;

import java.time.Duration;
import java.util.List;

/// What a model answers.
public sealed interface Reply {

    /// Words, and the tools it wants called.
    ///
    /// @param pieces streamed one by one
    /// @param pause before each piece
    /// @param end how it ends after the last piece
    record Said(List<String> pieces, List<ToolCall> calls, Duration pause, End end) implements Reply {
        public Said {
            pieces = List.copyOf(pieces);
            calls = List.copyOf(calls);
        }

        /// A text, a word at a time.
        public static Said of(String text) {
            return new Said(words(text), List.of(), Duration.ZERO, End.WHOLE);
        }

        /// A tool to be called.
        ///
        /// @param arguments JSON, or what a confused model takes for it
        public static Said calling(String tool, String arguments) {
            return new Said(List.of(), List.of(new ToolCall(tool, arguments)), Duration.ZERO, End.WHOLE);
        }

        /// The same, with a pause before each word.
        public Said slowly(Duration between) {
            return new Said(pieces, calls, between, end);
        }

        /// The same, but the connection breaks at the end.
        public Said cutOff() {
            return new Said(pieces, calls, pause, End.BREAKS);
        }

        /// The same, but it ends in the middle as if it were over.
        public Said trailingOff() {
            return new Said(pieces, calls, pause, End.TRAILS_OFF);
        }

        String text() {
            return String.join("", pieces);
        }
    }

    /// How an answer ends.
    enum End {
        WHOLE,
        /// The connection breaks before the answer is over.
        BREAKS,
        /// The connection ends well, before the answer is over.
        TRAILS_OFF
    }

    /// A tool, and with what.
    record ToolCall(String name, String arguments) {}

    /// The provider refuses.
    ///
    /// @param again after how long it may be asked again; zero where it does not say
    record Refused(int status, String type, String code, String message, Duration again) implements Reply {}

    private static List<String> words(String text) {
        return List.of(text.split("(?<= )", -1));
    }

    /// About how many tokens a text is: four characters each.
    static int tokens(String text) {
        return (text.length() + 3) / 4;
    }
}
