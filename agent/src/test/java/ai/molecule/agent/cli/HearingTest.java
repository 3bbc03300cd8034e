package ai.molecule.agent.cli;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.agent.TestTools;
import ai.molecule.agent.TestWork;
import java.io.IOException;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HearingTest {

    private final TestWork work = new TestWork();
    private ToolServer tools;
    private Hearing hearing;

    @BeforeEach
    void open() throws IOException {
        tools = ToolServer.open(new TestTools(), Set.of(), "");
        hearing = new Hearing(work, "m", tools, text -> text.replace("s3cret", "…"), () -> {});
    }

    @AfterEach
    void close() {
        tools.close();
    }

    @Test
    void whatIsSaidAgainIsWrittenOnce() {
        hearing.writes("first.");
        hearing.paragraph();
        hearing.writes("second, ");
        hearing.writes("half");
        hearing.again();
        hearing.again();
        hearing.writes("second, ");
        hearing.writes("whole");
        hearing.paragraph();
        assertThat(work.text()).isEqualTo("first.\n\nsecond, ");
        hearing.writes("third");
        assertThat(work.text()).isEqualTo("first.\n\nsecond, whole");
    }

    @Test
    void whatItSaysOfItselfHasNoSecretsAndAnEnd() {
        hearing.says("s3cret " + "x".repeat(2000) + " why");
        assertThat(work.said())
                .singleElement()
                .satisfies(said -> assertThat(said)
                        .startsWith("… x")
                        .endsWith(" why")
                        .hasSizeLessThan(1100)
                        .doesNotContain("s3cret"));
    }
}
