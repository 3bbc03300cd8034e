package ai.molecule.agent.workbench;

import ai.molecule.agent.Masking;
import ai.molecule.agent.Surroundings;
import ai.molecule.agent.Tools;
import ai.molecule.agent.workbench.Permissions.Permission;
import ai.molecule.protocol.Json;
import ai.molecule.protocol.McpServer;
import ai.molecule.protocol.Network;
import com.fasterxml.jackson.databind.JsonNode;
import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// What an agent may do: what the platform lets it, and what whoever runs it lets it on this machine.
public final class Workbench implements Tools {

    /// The variable that says where a workspace's files are.
    static final String DIRECTORY = "WORKSPACE_DIR";

    private static final String LIST = "list_files";
    private static final String READ = "read_file";
    private static final String WRITE = "write_file";
    private static final String EDIT = "edit_file";
    private static final String RUN = "run_command";
    private static final String PATH = "path";
    private static final String WHERE = "Path below the workspace's directory, such as notes/today.md";

    /// The names of the tools for files.
    public static final Set<String> FILE_TOOLS = Set.of(LIST, READ, WRITE, EDIT);

    private final Tools platform;
    private final Surroundings surroundings;
    private final Supplier<Map<String, String>> environment;
    private final Path state;
    private final Servers servers;
    private volatile @Nullable Bench last;
    private volatile boolean looked;

    /// What there is, as the environment says.
    private record Bench(Map<String, String> environment, Permissions permissions, WorkspaceFiles files, Shell shell) {

        static Bench of(Map<String, String> environment, Path state) {
            var directory = directory(environment, state);
            return new Bench(
                    environment,
                    Walls.permissions(environment),
                    new WorkspaceFiles(directory),
                    new Shell(Walls.of(environment, directory)));
        }

        boolean has(Permission one) {
            return permissions.has(one);
        }

        boolean hasShell() {
            return has(Permission.SHELL) && Confined.missing().isEmpty();
        }

        boolean allows(McpServer server) {
            return has(Permission.MCP) && (server.command().isEmpty() || hasShell());
        }
    }

    /// @param platform what the platform lets it do
    /// @param environment what whoever runs the agent says: [Permissions], [#DIRECTORY]
    /// @param state where the directory is when nobody says
    /// @param network how servers are reached
    public Workbench(
            Tools platform,
            Surroundings surroundings,
            Supplier<Map<String, String>> environment,
            Path state,
            Network network) {
        this.platform = platform;
        this.surroundings = surroundings;
        this.environment = environment;
        this.state = state;
        this.servers = new Servers(
                network, text -> Masking.of(text, surroundings.secrets().values()));
    }

    /// Where a workspace's files are: the directory that whoever runs the agent gave to it, else one of its own.
    ///
    /// @param environment what whoever runs the agent says
    public static Path directory(Map<String, String> environment, Path state) {
        var given = environment.getOrDefault(DIRECTORY, "");
        return (given.isEmpty() ? state.resolve("workspace") : Path.of(given)).toAbsolutePath();
    }

    private Bench bench() {
        var now = environment.get();
        var bench = last;
        if (bench == null || !bench.environment().equals(now)) {
            bench = Bench.of(Map.copyOf(now), state);
            last = bench;
        }
        return bench;
    }

    @Override
    public List<ToolSpecification> all() throws IOException, InterruptedException {
        var all = new ArrayList<>(platform.all());
        var bench = bench();
        if (bench.has(Permission.FILES)) {
            all.addAll(OF_FILES);
        }
        if (bench.hasShell()) {
            all.add(OF_SHELL);
        }
        looked = true;
        all.addAll(servers.tools(wanted()));
        return all;
    }

    @Override
    public Outcome call(ToolExecutionRequest request, String course) throws IOException, InterruptedException {
        var name = request.name();
        var bench = bench();
        if ((bench.has(Permission.FILES) && FILE_TOOLS.contains(name)) || (bench.hasShell() && name.equals(RUN))) {
            return new Outcome.Told(here(bench, request));
        }
        var served = servers.call(wanted(), request);
        return served.isPresent() ? served.get() : platform.call(request, course);
    }

    private static String here(Bench bench, ToolExecutionRequest request) throws InterruptedException {
        try {
            var text = request.arguments() == null || request.arguments().isBlank() ? "{}" : request.arguments();
            var said = Json.read(text);
            var files = bench.files();
            return switch (request.name()) {
                case LIST -> files.list(said.path(PATH).asText(""));
                case READ -> files.read(text(said, PATH), said.path("from_byte").asLong(0));
                case WRITE -> {
                    files.write(text(said, PATH), text(said, "content"));
                    yield "written";
                }
                case EDIT -> {
                    files.edit(text(said, PATH), text(said, "before"), text(said, "after"));
                    yield "changed";
                }
                default -> bench.shell().run(text(said, "command"), patience(said));
            };
        } catch (Json.MalformedException bad) {
            return "The arguments are no JSON: " + bad.getMessage();
        } catch (WorkspaceFiles.RefusedException refused) {
            return "Refused: " + refused.getMessage();
        } catch (IOException failed) {
            return "It failed: " + failed.getMessage();
        }
    }

    private static String text(JsonNode said, String name) throws WorkspaceFiles.RefusedException {
        if (!said.path(name).isTextual()) {
            throw new WorkspaceFiles.RefusedException("expected \"" + name + "\", a text");
        }
        return said.path(name).asText();
    }

    private static Duration patience(JsonNode said) {
        var seconds = said.path("timeout_seconds").asLong(Shell.PATIENCE.toSeconds());
        return Duration.ofSeconds(Math.clamp(seconds, 1, Shell.PATIENCE_MAX.toSeconds()));
    }

    @Override
    public Optional<String> decided(String approval) throws IOException, InterruptedException {
        return platform.decided(approval);
    }

    /// The first look at servers is taken before the first message, so that what is wrong with them is known by
    /// then.
    @Override
    public String trouble() {
        try {
            var wanted = wanted();
            if (!looked && !wanted.isEmpty()) {
                looked = true;
                Thread.ofVirtual().name("servers").start(() -> look(wanted));
            }
            return trouble(bench(), wanted);
        } catch (IllegalArgumentException bad) {
            return String.valueOf(bad.getMessage());
        }
    }

    private String trouble(Bench bench, List<McpServer> wanted) {
        var configured = surroundings.configuration().servers();
        var refused = configured.stream()
                .filter(server -> !bench.allows(server))
                .map(server -> "mcp_servers." + server.name() + ": whoever runs this agent allows no such server ("
                        + Permissions.VARIABLE + ")");
        var shell = Stream.of(bench.has(Permission.SHELL) ? Confined.missing() : "");
        return Stream.of(Stream.of(servers.trouble(wanted)), shell, refused)
                .flatMap(some -> some)
                .filter(one -> !one.isEmpty())
                .collect(Collectors.joining("; "));
    }

    private void look(List<McpServer> wanted) {
        try {
            servers.tools(wanted);
        } catch (InterruptedException stopping) {
            Thread.currentThread().interrupt();
        }
    }

    /// What of the configuration's servers is allowed and complete, with the secrets that it names; a command as
    /// it is to be run.
    private List<McpServer> wanted() {
        var secrets = surroundings.secrets();
        var bench = bench();
        return surroundings.configuration().servers().stream()
                .filter(server ->
                        bench.allows(server) && server.missing(secrets).isEmpty())
                .map(server -> server.with(secrets))
                .map(server ->
                        server.command().isEmpty() ? server : bench.shell().confined(server))
                .toList();
    }

    private static final List<ToolSpecification> OF_FILES = List.of(
            tool(
                    LIST,
                    "Lists a directory of the workspace: names, with / for directories and sizes in bytes for files",
                    JsonObjectSchema.builder()
                            .addStringProperty(PATH, "A directory; the workspace's own where it is left out")
                            .build()),
            tool(
                    READ,
                    "Reads a text file of the workspace, " + WorkspaceFiles.READ_MAX / 1024 + " KiB at once",
                    JsonObjectSchema.builder()
                            .addStringProperty(PATH, WHERE)
                            .addIntegerProperty("from_byte", "Where to begin; 0 where it is left out")
                            .required(PATH)
                            .build()),
            tool(
                    WRITE,
                    "Writes a text file of the workspace, over the one that may be there; makes its directories",
                    JsonObjectSchema.builder()
                            .addStringProperty(PATH, WHERE)
                            .addStringProperty("content", "All of the file")
                            .required(PATH, "content")
                            .build()),
            tool(
                    EDIT,
                    "Puts a text in the place of another one in a file of the workspace",
                    JsonObjectSchema.builder()
                            .addStringProperty(PATH, WHERE)
                            .addStringProperty("before", "What is there, exactly, and only once in the file")
                            .addStringProperty("after", "What is to be there")
                            .required(PATH, "before", "after")
                            .build()));

    private static final ToolSpecification OF_SHELL = tool(
            RUN,
            "Runs a command of sh in the workspace's directory, confined to it, and answers what it wrote and its exit"
                    + " code. It ends with all that it started",
            JsonObjectSchema.builder()
                    .addStringProperty("command", "What sh is to run")
                    .addIntegerProperty(
                            "timeout_seconds",
                            "How long it may take; " + Shell.PATIENCE.toSeconds() + " where it is left out, at most "
                                    + Shell.PATIENCE_MAX.toSeconds())
                    .required("command")
                    .build());

    private static ToolSpecification tool(String name, String description, JsonObjectSchema parameters) {
        return ToolSpecification.builder()
                .name(name)
                .description(description)
                .parameters(parameters)
                .build();
    }
}
