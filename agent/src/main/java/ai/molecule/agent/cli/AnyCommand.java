package ai.molecule.agent.cli;

import ai.molecule.agent.Masking;
import ai.molecule.agent.RemoteAgent;
import ai.molecule.agent.workbench.Walls;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.Reader;
import java.io.Writer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;

/// Any command: it gets the text on its standard input, and what it writes to its standard output is the answer,
/// while it comes. One that ends with another code than 0 has failed, and what it wrote to its standard error says
/// why.
///
/// What is asked of it and where it finds what is in its environment: [#CONTEXT], [#TOOLS_URL] and the like; the
/// secrets of the workspace too.
final class AnyCommand implements Cli {

    /// The variable with the conversation: a UUID, the same for each of its turns.
    static final String CONTEXT = "MOLECULE_CONTEXT";

    /// The variable with the model that the workspace is to think with.
    static final String MODEL = "MODEL";

    /// The variable with the file that says what a model is to be told first.
    static final String INSTRUCTIONS = "MOLECULE_INSTRUCTIONS";

    /// The variable with where the agent's tools are, over MCP.
    static final String TOOLS_URL = "MOLECULE_TOOLS_URL";

    /// The variable with what is shown there as bearer.
    static final String TOOLS_TOKEN = "MOLECULE_TOOLS_TOKEN";

    /// The variable with a file that says both, as `mcpServers`.
    static final String TOOLS = "MOLECULE_TOOLS";

    private final Optional<List<String>> given;

    private AnyCommand(Optional<List<String>> given) {
        this.given = given;
    }

    /// The command that `runtime_config` of the configuration says, confined to the workspace's directory.
    static AnyCommand configured() {
        return new AnyCommand(Optional.empty());
    }

    /// A command of whoever runs the agent, as they would run it themselves.
    static AnyCommand given(List<String> command) {
        return new AnyCommand(Optional.of(List.copyOf(command)));
    }

    @Override
    public String runtime() {
        return "command";
    }

    @Override
    public String name() {
        return "command";
    }

    @Override
    public String description() {
        return given.map(List::getFirst).orElse("A command");
    }

    @Override
    public Ready ready(Given around) {
        var model = Programs.model(around, "");
        if (given.isPresent()) {
            return new Prepared(given.get(), List.of(), model, around, Optional.empty());
        }
        var faults = new ArrayList<String>();
        var settings = around.configuration().settings().path("runtime_config");
        var program = settings.path("command").asText("").strip();
        if (program.isEmpty()) {
            faults.add("runtime_config.command: expected a program, in config.yaml");
        }
        var walls = Walls.of(around.own(), around.directory());
        if (!walls.missing().isEmpty()) {
            faults.add(walls.missing());
        }
        Programs.check(faults);
        var first = command(program, settings.path("args"));
        var again = settings.has("resume_args") ? command(program, settings.path("resume_args")) : first;
        return new Prepared(first, again, model, around, Optional.of(walls));
    }

    private static List<String> command(String program, JsonNode arguments) {
        var command = new ArrayList<>(List.of(program));
        arguments.forEach(argument -> command.add(argument.asText()));
        return command;
    }

    /// @param again what is run where the conversation goes on
    /// @param walls empty for a command that is run as it is
    private record Prepared(List<String> first, List<String> again, String wanted, Given around, Optional<Walls> walls)
            implements Ready {

        @Override
        public String model() {
            return wanted.isEmpty() ? first.getFirst() : wanted;
        }

        @Override
        public String masked(String text) {
            return Masking.of(text, around.secrets().values());
        }

        @Override
        public Path directory(Path home) {
            return walls.isPresent() ? around.directory() : Path.of("").toAbsolutePath();
        }

        @Override
        public Conversation converse(Question question, Hearing hearing) throws IOException {
            return new Talk(this, question, hearing);
        }
    }

    private static final class Talk implements Conversation {

        private static final String WORDS = "{message}";

        private final List<String> command;
        private final UnaryOperator<Map<String, String>> environment;
        private final Question question;
        private final Hearing hearing;
        private final boolean spoken;

        Talk(Prepared prepared, Question question, Hearing hearing) throws IOException {
            this.question = question;
            this.hearing = hearing;
            var variables = variables(prepared, question);
            var words =
                    question.session().isEmpty() || prepared.again().isEmpty() ? prepared.first() : prepared.again();
            this.spoken = words.contains(WORDS) && prepared.walls().isPresent();
            var filled = prepared.walls().isPresent()
                    ? words.stream().map(word -> filled(word, variables)).toList()
                    : words;
            var all = Programs.with(prepared.around().secrets(), variables);
            if (prepared.walls().isPresent()) {
                this.command = prepared.walls()
                        .get()
                        .command(filled, question.scratch().directory());
                this.environment = more -> prepared.walls().get().environment(Programs.with(all, more));
            } else {
                this.command = filled;
                var own = new HashMap<>(prepared.around().own());
                own.remove(RemoteAgent.ENROLMENT);
                own.putAll(all);
                this.environment = more -> Programs.with(own, more);
            }
        }

        @Override
        public void ended(int code) {
            if (code == 0) {
                hearing.session(question.context());
            }
        }

        private static Map<String, String> variables(Prepared prepared, Question question) throws IOException {
            var variables = new HashMap<String, String>();
            var scratch = question.scratch();
            var tools = question.tools();
            variables.put(CONTEXT, question.context());
            variables.put(TOOLS_URL, tools.url().toString());
            variables.put(TOOLS_TOKEN, tools.bearer());
            variables.put(
                    TOOLS, scratch.file("tools.json", Json.text(tools.forMcp())).toString());
            variables.put(
                    INSTRUCTIONS,
                    scratch.file("instructions.md", question.introduction()).toString());
            if (!prepared.wanted().isEmpty()) {
                variables.put(MODEL, prepared.wanted());
            }
            return variables;
        }

        /// What programs want as arguments, in the place of its name.
        private String filled(String word, Map<String, String> variables) {
            return switch (word) {
                case WORDS -> question.text();
                case "{context}" -> question.context();
                case "{model}" -> variables.getOrDefault(MODEL, "");
                case "{instructions}" -> variables.getOrDefault(INSTRUCTIONS, "");
                case "{tools}" -> variables.getOrDefault(TOOLS, "");
                default -> word;
            };
        }

        @Override
        public List<String> command() {
            return command;
        }

        @Override
        public Map<String, String> environment(Map<String, String> more) {
            return environment.apply(more);
        }

        @Override
        public void begin(Writer in) throws IOException {
            try (in) {
                in.write(spoken ? "" : question.text());
            }
        }

        @Override
        public void listen(Reader out) throws IOException {
            var piece = new char[8192];
            for (var read = out.read(piece); read >= 0; read = out.read(piece)) {
                hear(new String(piece, 0, read));
            }
            hearing.over();
        }

        @Override
        public void hear(String text) {
            hearing.writesAtOnce(text);
        }
    }
}
