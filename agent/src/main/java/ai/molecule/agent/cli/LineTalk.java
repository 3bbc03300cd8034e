package ai.molecule.agent.cli;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.Writer;
import java.util.Map;

/// A conversation with a program that gets the question on its standard input and says JSON, a line each.
abstract class LineTalk implements Cli.Conversation {

    /// What it finds in its environment.
    final Map<String, String> environment;

    final Cli.Question question;
    final Hearing hearing;

    /// @param variables to begin with
    LineTalk(Map<String, String> variables, Cli.Question question, Hearing hearing) {
        this.environment =
                Programs.with(variables, Map.of("HOME", question.home().toString()));
        this.question = question;
        this.hearing = hearing;
    }

    /// Hears one thing that it says.
    abstract void hear(JsonNode said) throws IOException;

    @Override
    public final Map<String, String> environment(Map<String, String> more) {
        return Programs.with(environment, more);
    }

    @Override
    public void begin(Writer in) throws IOException {
        try (in) {
            in.write(Programs.words(question.text()));
        }
    }

    @Override
    public final void hear(String line) throws IOException {
        JsonNode said;
        try {
            said = Json.read(line);
        } catch (Json.MalformedException notOurs) {
            // It says other things too.
            return;
        }
        hear(said);
    }
}
