package ai.molecule.agent.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpokenTest {

    private static String heard(String text, int size) {
        var heard = new StringBuilder();
        var spoken = new Spoken(heard::append);
        for (int from = 0; from < text.length(); from += size) {
            spoken.accept(text.substring(from, Math.min(text.length(), from + size)));
        }
        spoken.end();
        return heard.toString();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            nothing but words              | nothing but words
            a<tool_call>{}</tool_call>b    | ab
            <tool_call>{}</tool_call>      | ''
            1 < 2 <tool_                   | 1 < 2 <tool_
            x<tool_call>y</tool_call><tool_call>z</tool_call>w | xw
            cut off <tool_call>{"name      | 'cut off '
            <<tool_call>1</tool_call>>     | <>
            """)
    void callsAreLeftOutHoweverTheyComeInPieces(String text, String expected) {
        for (int size = 1; size <= text.length(); size++) {
            assertThat(heard(text, size)).as("in pieces of " + size).isEqualTo(expected);
        }
    }

    @Test
    void wordsAreNotHeldBack() {
        var heard = new StringBuilder();
        new Spoken(heard::append).accept("at once");
        assertThat(heard).hasToString("at once");
    }
}
