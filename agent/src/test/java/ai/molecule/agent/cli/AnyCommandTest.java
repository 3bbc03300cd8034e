package ai.molecule.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.molecule.agent.TestSurroundings;
import ai.molecule.agent.TestTools;
import ai.molecule.agent.TestWork;
import ai.molecule.agent.workbench.Walls;
import ai.molecule.protocol.Message;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Any command, of the configuration and of whoever runs the agent.
class AnyCommandTest {

    @TempDir
    private Path state;

    private final Map<String, String> own =
            new HashMap<>(Map.of("PATH", System.getenv("PATH"), "AGENT_TOOLS", "shell", "MINE", "mine alone"));
    private final Map<String, String> secrets = new HashMap<>(Map.of("API_KEY", "s3cret-value"));
    private final Map<String, String> files = new HashMap<>();
    private final TestTools tools = new TestTools();

    @BeforeEach
    void check() {
        var missing = Walls.of(own, state).missing();
        assumeTrue(missing.isEmpty(), missing);
    }

    private CliEngine configured(String script, String more) {
        files.put("config.yaml", """
                runtime_config:
                  command: sh
                  args: [-c, '%s', it]
                %s
                """.formatted(script.replace("'", "''"), more));
        return engine(AnyCommand.configured());
    }

    private CliEngine engine(AnyCommand command) {
        return new CliEngine(
                command, new TestSurroundings(secrets, "Ada", "scripted", files, List.of()), own, state, tools);
    }

    private TestWork work(String script, String text) throws Exception {
        return TestWork.of(configured(script, ""), "one", text);
    }

    @Test
    void itGetsTheTextAndWhatItWritesIsTheAnswer() throws Exception {
        var kept = work("read words; echo \"heard: $words\"; pwd", "hello\n");
        assertThat(kept.end()).isEqualTo("completed");
        assertThat(kept.text()).isEqualTo("heard: hello\n" + state.resolve("workspace") + "\n");
    }

    @Test
    void itsWordsComeWhenTheyAreWritten() throws Exception {
        var engine = configured("echo one; sleep 600", "");
        var kept = new TestWork();
        var thread = Thread.ofVirtual().start(() -> {
            try {
                engine.work(new Message("m", "c", "t", true, List.of("go")), kept);
            } catch (Exception canceled) {
                kept.say("canceled");
            }
        });
        await().until(() -> kept.pieces().contains("one\n"));
        thread.interrupt();
        await().until(() -> kept.said().contains("canceled"));
        assertThat(ProcessHandle.allProcesses())
                .noneMatch(one -> one.info().commandLine().orElse("").equals("sleep 600"));
    }

    @Test
    void whatItDoesStaysInTheDirectory() throws Exception {
        Files.writeString(state.resolve(".auth_token"), "the agent's own");
        var kept = work(
                "cat ../.auth_token; touch ../outside; env; "
                        + "curl --version > /dev/null && { curl -s -m 2 \"$MOLECULE_TOOLS_URL\" || echo unreachable; }; "
                        + "echo kept > note",
                "go");
        assertThat(kept.text())
                .contains("API_KEY=s3cret-value", "MODEL=scripted", "unreachable")
                .doesNotContain("the agent's own", "MINE");
        assertThat(state.resolve("outside")).doesNotExist();
        assertThat(state.resolve("workspace/note")).hasContent("kept");
    }

    @Test
    void itHasTheAgentsToolsWhereItMayUseTheNetwork() throws Exception {
        own.put("AGENT_TOOLS", "shell,network");
        var kept = work(
                "curl -s -H \"Authorization: Bearer $MOLECULE_TOOLS_TOKEN\" -H \"Content-Type: application/json\" "
                        + "-H \"Accept: application/json, text/event-stream\" \"$MOLECULE_TOOLS_URL\" -d "
                        + "\"{\\\"jsonrpc\\\":\\\"2.0\\\",\\\"id\\\":1,\\\"method\\\":\\\"tools/call\\\",\\\"params\\\":"
                        + "{\\\"name\\\":\\\"count\\\",\\\"arguments\\\":{}}}\"; "
                        + "grep -q \"$MOLECULE_TOOLS_URL\" \"$MOLECULE_TOOLS\" && cat \"$MOLECULE_INSTRUCTIONS\"",
                "go");
        assertThat(kept.text()).contains("\"text\":\"1\"", "You are Ada, counts things.");
        assertThat(tools.called()).hasSize(1);
        try (var left = Files.list(state.resolve("command/home"))) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void peopleAreAskedForItToo() throws Exception {
        own.put("AGENT_TOOLS", "shell,network");
        var engine = configured(
                "read words; echo \"$words\"; test \"$words\" = go && "
                        + "curl -s -H \"Authorization: Bearer $MOLECULE_TOOLS_TOKEN\" -H \"Content-Type: application/json\" "
                        + "-H \"Accept: application/json, text/event-stream\" \"$MOLECULE_TOOLS_URL\" -d "
                        + "\"{\\\"jsonrpc\\\":\\\"2.0\\\",\\\"id\\\":1,\\\"method\\\":\\\"tools/call\\\",\\\"params\\\":"
                        + "{\\\"name\\\":\\\"ask\\\",\\\"arguments\\\":{}}}\" > /dev/null; true",
                "");
        assertThat(TestWork.of(engine, "one", "task", "m", "go\n").end())
                .isEqualTo("asked: Waits for a person to decide: do it");
        tools.decide("approved");
        var kept = TestWork.of(engine, "one", "task", "approval x", "decided");
        assertThat(kept.end()).isEqualTo("completed");
        assertThat(kept.text()).contains("A person was asked whether you may \"do it\"", "approved");
    }

    @Test
    void aConversationThatGoesOnSaysSo() throws Exception {
        files.put("config.yaml", """
                runtime_config:
                  command: echo
                  args: [begins, "{context}", "{model}", "{message}"]
                  resume_args: [goes on, "{context}"]
                """);
        var engine = engine(AnyCommand.configured());
        var first = TestWork.of(engine, "one", "hello").text();
        var context = first.split(" ", -1)[1];
        assertThat(first).isEqualTo("begins " + context + " scripted hello\n");
        assertThat(TestWork.of(engine, "one", "again").text()).isEqualTo("goes on " + context + "\n");
        assertThat(TestWork.of(engine, "two", "hello").text())
                .startsWith("begins ")
                .doesNotContain(context);
    }

    @Test
    void aConversationThatFailedHasNotBegun() throws Exception {
        files.put("config.yaml", """
                runtime_config:
                  command: sh
                  args: [-c, "test -e begun || { touch begun; exit 1; }; echo begins"]
                  resume_args: [-c, "echo goes on"]
                """);
        var engine = engine(AnyCommand.configured());
        assertThat(TestWork.of(engine, "one", "hello").end()).startsWith("failed: ");
        assertThat(TestWork.of(engine, "one", "hello").text()).isEqualTo("begins\n");
        assertThat(TestWork.of(engine, "one", "hello").text()).isEqualTo("goes on\n");
    }

    @Test
    void whatItLeavesBehindHoldsNobodyUp() throws Exception {
        var began = System.nanoTime();
        assertThat(work("sleep 600 & rm -rf .tmp; echo x > .tmp; echo done", "go")
                        .end())
                .isEqualTo("completed");
        assertThat(work("echo again", "go").text()).isEqualTo("again\n");
        assertThat(Duration.ofNanos(System.nanoTime() - began)).isLessThan(Duration.ofSeconds(60));
        assertThat(ProcessHandle.allProcesses())
                .noneMatch(one -> one.info().commandLine().orElse("").equals("sleep 600"));
    }

    @Test
    void whatAnEarlierLifeLeftIsTidiedUp() throws Exception {
        var left = Files.createDirectories(state.resolve("command/home/run-1"));
        Files.writeString(left.resolve("tools.json"), "a token");
        work("true", "go");
        assertThat(left).doesNotExist();
    }

    @Test
    void theEndOfWhatItComplainedIsTold() throws Exception {
        var kept = work(
                "for i in $(seq 100); do echo \"at some.place(Of.java:$i)\"; done >&2; echo why $API_KEY >&2; exit 1",
                "go");
        assertThat(kept.end())
                .startsWith("failed: A command ended with code 1: at some.place(Of.java:1)")
                .endsWith("why …");
    }

    @Test
    void itFailsAsTheCommandDoes() throws Exception {
        assertThat(work("echo no such key $API_KEY >&2; exit 3", "go").end())
                .isEqualTo("failed: A command ended with code 3: no such key …");
        assertThat(TestWork.of(configured("sleep 600", "  timeout: 1"), "one", "go")
                        .end())
                .isEqualTo("failed: it took longer than 1 s");
    }

    @Test
    void whatKeepsItFromBeingRunIsNamedBeforeTheFirstMessage() {
        assertThat(configured("true", "").trouble()).isEmpty();
        own.put("AGENT_TOOLS", "files");
        assertThat(configured("true", "").trouble())
                .isEqualTo("AGENT_TOOLS: whoever runs this agent allows no commands (shell)");
        files.clear();
        assertThat(engine(AnyCommand.configured()).trouble()).contains("runtime_config.command: expected a program");
    }

    @Test
    void aCommandOfWhoeverRunsTheAgentIsRunAsItIs() throws Exception {
        own.put("AGENT_TOOLS", "");
        own.put("MOLECULE_ENROLMENT", "enrolment");
        var command = AnyCommand.given(
                List.of("sh", "-c", "cat; echo \" $MINE $API_KEY $MOLECULE_ENROLMENT $1\"; exit 0", "it", "{message}"));
        assertThat(engine(command).trouble()).isEmpty();
        assertThat(TestWork.of(engine(command), "one", "hello").text())
                .isEqualTo("hello mine alone s3cret-value  {message}\n");
    }
}
