package ai.molecule.agent.cli;

import ai.molecule.protocol.Configuration;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// A program of somebody else's that works headless: what it needs, how it is started, spoken to and understood.
/// All else - whose turn it is, sessions, tools, people who are asked, how it ends - is the [CliEngine]'s.
interface Cli {

    /// The runtime that it is.
    String runtime();

    /// Its name, in a word: of its directory in the agent's state, too.
    String name();

    /// One line for the agent card.
    String description();

    /// What is known before it is run.
    ///
    /// @param model the one that the workspace is to think with; empty where nobody said
    /// @param own the environment of whoever runs the agent, who alone says what runs there
    /// @param values the secrets of the workspace, and what else the platform tells
    /// @param secrets the secrets of the workspace alone
    /// @param directory where the workspace's files are
    record Given(
            String model,
            Map<String, String> own,
            Map<String, String> values,
            Map<String, String> secrets,
            Configuration configuration,
            Path directory) {
        public Given {
            own = Map.copyOf(own);
            values = Map.copyOf(values);
            secrets = Map.copyOf(secrets);
        }
    }

    /// Makes it ready to be run.
    ///
    /// @throws IllegalArgumentException with everything that is missing, one a line
    Ready ready(Given given);

    /// One that can be run.
    interface Ready {

        /// The name under which its usage is told.
        String model();

        /// A text without what only the program may know.
        String masked(String text);

        /// The names of tools that it has itself, so that it does not get ours.
        default Set<String> ownTools() {
            return Set.of();
        }

        /// Where it is started.
        ///
        /// @param home a directory of the program's own, in the agent's state
        Path directory(Path home);

        /// A conversation for one turn.
        Conversation converse(Question question, Hearing hearing) throws IOException;
    }

    /// What it is asked.
    ///
    /// @param introduction what it is told beside its own system prompt
    /// @param session with which it goes on; empty for a new one
    /// @param context names the conversation, as a UUID
    /// @param tools where it finds what it may do
    /// @param home a directory of the program's own, in the agent's state
    /// @param scratch for files of this run; none outlives it
    record Question(
            String text,
            String introduction,
            String session,
            String context,
            ToolServer tools,
            Path home,
            Scratch scratch) {}

    /// One turn with the program.
    interface Conversation {

        /// What is started.
        List<String> command();

        /// All that it finds in its environment.
        ///
        /// @param more what is to be there besides, in whatever it starts too
        Map<String, String> environment(Map<String, String> more);

        /// Says the question. It is over with what has been said, unless somebody goes on by [#hear].
        ///
        /// @param in its standard input; whoever has said all closes it
        void begin(Writer in) throws IOException;

        /// Hears what it says, until it has said all.
        ///
        /// @param out its standard output
        default void listen(Reader out) throws IOException {
            var lines = new BufferedReader(out);
            for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                hear(line);
            }
        }

        /// Hears one line of it.
        void hear(String line) throws IOException;

        /// It has ended.
        default void ended(int code) {}

        /// Why it ended without an answer, where it did not say so itself.
        ///
        /// @param errors the end of what it wrote to its standard error
        default String why(int code, String errors) {
            return "ended with code " + code + (errors.isEmpty() ? "" : ": " + errors);
        }

        /// True where what it wrote to its standard error means that the session is gone.
        default boolean lostSession(String errors) {
            return false;
        }
    }
}
