package ai.molecule.platform;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.llm.LlmEmulator;
import ai.molecule.llm.SpokenScript;
import ai.molecule.platform.backend.flyio.TestFly;
import ai.molecule.protocol.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What the documents say works: every `bash` block runs, every `console` command exists, every `json` block is
/// JSON, every link leads somewhere.
class DocsTest {

    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern BLOCK = Pattern.compile("^```(\\w+)\\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);
    private static final Pattern LINK = Pattern.compile("\\]\\((?!https?:)([^)#]+)\\)");

    private static TestHouse house;
    private static LlmEmulator emulator;

    @BeforeAll
    static void open() throws Exception {
        emulator = LlmEmulator.open("127.0.0.1", 0, "", new SpokenScript());
        house = TestHouse.open();
    }

    @AfterAll
    static void close() {
        house.close();
        emulator.close();
    }

    static List<Path> documents() throws IOException {
        try (var files = Files.walk(ROOT.resolve("docs"));
                var top = Files.list(ROOT)) {
            return Stream.concat(files, top)
                    .filter(file -> file.toString().endsWith(".md"))
                    .map(ROOT::relativize)
                    .sorted()
                    .toList();
        }
    }

    private static List<String> blocks(Path document, String language) throws IOException {
        return BLOCK.matcher(Files.readString(ROOT.resolve(document)))
                .results()
                .filter(match -> match.group(1).equals(language))
                .map(match -> match.group(2))
                .toList();
    }

    @ParameterizedTest
    @MethodSource("documents")
    void everyShellBlockRuns(Path document) throws Exception {
        var script = String.join("\n", blocks(document, "bash"));
        if (script.isEmpty()) {
            return;
        }
        var process = new ProcessBuilder("bash", "-euo", "pipefail", "-c", script)
                .directory(ROOT.toFile())
                .redirectErrorStream(true)
                .redirectOutput(Files.createTempFile("docs", ".out").toFile());
        if (document.toString().contains("fly")) {
            runOnFly(document, process);
        } else {
            run(document, process, house);
        }
    }

    private static void runOnFly(Path document, ProcessBuilder process) throws Exception {
        try (var fly = TestFly.running();
                var onFly = TestHouse.open(fly.variables("flyio"))) {
            process.environment().putAll(fly.variables("flyio"));
            run(document, process, onFly);
        }
    }

    private static void run(Path document, ProcessBuilder process, TestHouse house) throws Exception {
        process.environment().put("PLATFORM_URL", house.url().toString().replaceFirst("/$", ""));
        process.environment().put("ADMIN_TOKEN", TestHouse.ADMIN_TOKEN);
        process.environment().put("OPENAI_API_KEY", "any");
        process.environment().put("OPENAI_BASE_URL", emulator.openAiUrl().toString());
        process.environment().put("MODEL", "scripted");
        var running = process.start();
        assertThat(running.waitFor(60, TimeUnit.SECONDS))
                .as("%s ends", document)
                .isTrue();
        var output = Files.readString(
                java.util.Objects.requireNonNull(process.redirectOutput().file())
                        .toPath());
        assertThat(running.exitValue()).as("%s:\n%s", document, output).isZero();
    }

    @ParameterizedTest
    @MethodSource("documents")
    void everyConsoleCommandExists(Path document) throws IOException {
        var help = Files.readString(ROOT.resolve("molecule"));
        for (var block : blocks(document, "console")) {
            var command = Pattern.compile("\\./molecule (\\w+)").matcher(block);
            while (command.find()) {
                assertThat(help).as(block).contains("    " + command.group(1) + ") cmd_");
            }
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void everyJsonBlockIsJson(Path document) throws Exception {
        for (var block : blocks(document, "json")) {
            assertThat(Json.read(block)).as(block).isNotNull();
        }
    }

    @ParameterizedTest
    @MethodSource("documents")
    void everyLinkLeadsSomewhere(Path document) throws IOException {
        var links = LINK.matcher(Files.readString(ROOT.resolve(document)));
        while (links.find()) {
            var target = ROOT.resolve(document).resolveSibling(links.group(1)).normalize();
            assertThat(Files.exists(target))
                    .as("%s -> %s", document, links.group(1))
                    .isTrue();
        }
    }

    @Test
    void everyErrorCodeIsListed() throws IOException {
        var api = Files.readString(ROOT.resolve("docs/api.md"));
        for (var reason : ai.molecule.protocol.Refusal.Reason.values()) {
            assertThat(api).contains("`" + reason.code() + "`");
        }
    }

    @Test
    void theFloorPlanInWordsIsTheOneThatIsTested() throws IOException {
        var architecture = Files.readString(ROOT.resolve("ARCHITECTURE.md"));
        FloorPlanTest.DOORS.forEach((room, doors) -> {
            var row = Pattern.compile("^\\| `" + room + "` \\| .* \\| ([a-z0-9, ]+) \\|$", Pattern.MULTILINE)
                    .matcher(architecture);
            assertThat(row.find()).as(room).isTrue();
            var written = row.group(1).equals("nothing") || row.group(1).equals("protocol only")
                    ? List.<String>of()
                    : List.of(row.group(1).split(", ", -1));
            assertThat(written).as(room).containsExactlyInAnyOrderElementsOf(doors);
        });
    }
}
