package ai.molecule.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.molecule.conformance.Finding.Level;
import ai.molecule.conformance.Finding.Outcome;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Every requirement is found kept by an agent that keeps it, and broken by one that breaks it and nothing else.
class ExaminationTest {

    private static final String JAVA =
            Path.of(System.getProperty("java.home"), "bin", "java").toString();
    private static final Path AGENT =
            Path.of("../agent/target/molecule-agent-0.1.0-all.jar").toAbsolutePath();
    private static final Examination.Script SCRIPT =
            new Examination.Script(Duration.ofSeconds(20), Duration.ofSeconds(3), "hello", "", "");

    private static Report examine(Target target, Examination.Script script) throws Exception {
        var address =
                target instanceof ContainerTarget container ? container.gateway() : InetAddress.getLoopbackAddress();
        try (target;
                var platform = PlayedPlatform.open(address, Map.of("GIVEN", "a secret"))) {
            return new Examination(target, platform, script, line -> {}).run();
        }
    }

    private static Report candidate(String fault) throws Exception {
        var command = List.of(
                JAVA,
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Candidate.class.getName(),
                fault);
        return examine(new CommandTarget("a candidate that " + fault, command), SCRIPT);
    }

    private static List<String> of(Report report, Outcome outcome) {
        return report.findings().stream()
                .filter(one -> one.outcome() == outcome)
                .map(Finding::id)
                .toList();
    }

    @Test
    void theSmallestAgentThatKeepsItPasses() throws Exception {
        var report = candidate("has none");
        assertThat(of(report, Outcome.FAILED)).as(report.text()).isEmpty();
        assertThat(report.reaches(Level.BELONGS)).isTrue();
        assertThat(report.text()).contains("joins (MUST): passes", "passed  M4  answers a message of A2A 0.3");
        assertThat(report.json().at("/levels/holds").asBoolean()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "ends at once, M1, joins",
        "has half a card, M2, joins",
        "does not listen, M3, joins",
        "says nothing, M4, joins",
        "breaks off, S1, holds",
        "forgets its tasks, S2, holds",
        "takes messages twice, S3, holds",
        "lets everybody in, S6, holds",
        "hides its card, S7, holds",
        "does not stop, S8, holds",
        "forgets its token, S9, holds"
    })
    void oneFaultIsFound(String fault, String id, String level) throws Exception {
        var report = candidate(fault);
        assertThat(of(report, Outcome.FAILED)).as(report.text()).containsExactly(id);
        assertThat(report.json().at("/levels/" + level).asBoolean()).isFalse();
        assertThat(report.reaches(Level.JOINS)).isEqualTo(!level.equals("joins"));
    }

    @Test
    void codesOfItsOwnAreFound() throws Exception {
        assertThat(of(candidate("has its own codes"), Outcome.FAILED)).containsExactly("S4", "S5");
    }

    @ParameterizedTest
    @CsvSource({"does not beat", "beats with its enrolment"})
    void whoeverDoesNotBeatDoesNotJoin(String fault) throws Exception {
        var report = candidate(fault);
        assertThat(of(report, Outcome.FAILED)).as(report.text()).containsExactly("M5");
        assertThat(report.reaches(Level.JOINS)).isFalse();
    }

    @Test
    void whatAnAgentDoesNotClaimIsNotAskedOfIt() throws Exception {
        assertThat(of(candidate("says it does not stream"), Outcome.SKIPPED)).contains("S1");
        var messages = candidate("answers with messages");
        assertThat(of(messages, Outcome.FAILED)).as(messages.text()).isEmpty();
        assertThat(of(messages, Outcome.SKIPPED)).contains("S2", "S3");
    }

    @Test
    void ourAgentAsAProcessKeepsAll() throws Exception {
        var script = new Examination.Script(
                Duration.ofSeconds(30), Duration.ofSeconds(35), "hello", "sleep 60", "ask {peer} hello");
        var report = examine(new CommandTarget("our agent", List.of(JAVA, "-jar", AGENT.toString())), script);
        assertThat(of(report, Outcome.FAILED)).as(report.text()).isEmpty();
        assertThat(of(report, Outcome.PASSED)).contains("S6", "S9", "O3", "O4", "O5");
        assertThat(report.reaches(Level.BELONGS)).isTrue();
    }

    @Test
    void ourAgentInAContainerKeepsAll() throws Exception {
        var engine = System.getenv().getOrDefault("TEST_DOCKER_HOST", "");
        assumeTrue(!engine.isEmpty(), "TEST_DOCKER_HOST names no Docker engine; ./molecule test starts one");
        var script = new Examination.Script(
                Duration.ofSeconds(30), Duration.ofSeconds(35), "hello", "sleep 60", "ask {peer} hello");
        var report = examine(new ContainerTarget("molecule-test/workspace-echo:latest", 8000, engine), script);
        assertThat(of(report, Outcome.FAILED)).as(report.text()).isEmpty();
        assertThat(of(report, Outcome.PASSED)).contains("S6", "S9", "O3", "O4", "O5");
        assertThat(report.reaches(Level.BELONGS)).isTrue();
    }
}
