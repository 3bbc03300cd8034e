package ai.molecule.llm;

import java.time.Duration;
import java.util.List;

/// What a model answers.
public sealed interface Reply {

    /// Words, and the tools it wants called.
    ///
    /// @param pieces streamed one by one
    /// @param pause before each piece
    /// @param cut true when the connection breaks after the last piece, before the answer is over
    record Said(List<String> pieces, List<ToolCall> calls, Duration pause, boolean cut) implements Reply {
        public Said {
            pieces = List.copyOf(pieces);
            calls = List.copyOf(calls);
        }

        /// A text, a word at a time.
        public static Said of(String text) {
            return new Said(words(text), List.of(), Duration.ZERO, false);
        }

        /// A tool to be called.
        ///
        /// @param arguments JSON, or what a confused model takes for it
        public static Said calling(String tool, String arguments) {
            return new Said(List.of(), List.of(new ToolCall(tool, arguments)), Duration.ZERO, false);
        }

        /// The same, with a pause before each word.
        public Said slowly(Duration between) {
            return new Said(pieces, calls, between, cut);
        }

        /// The same, but the connection breaks at the end.
        public Said cutOff() {
            return new Said(pieces, calls, pause, true);
        }

        String text() {
            return String.join("", pieces);
        }
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
