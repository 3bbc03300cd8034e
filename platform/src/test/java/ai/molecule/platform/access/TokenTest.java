package ai.molecule.platform.access;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class TokenTest {

    @Test
    void itSaysWhatItIsForAndChecksItself() {
        var token = Token.random(Token.Kind.AGENT);
        assertThat(token.reveal()).matches("mol_agt_[0-9a-zA-Z]{49}");
        assertThat(Token.parse(token.reveal()).orElseThrow().hash()).isEqualTo(token.hash());
    }

    @Test
    void anyChangedCharacterIsNoticed() {
        var text = Token.random(Token.Kind.ENROLMENT).reveal();
        for (int i = 8; i < text.length(); i++) {
            var other = text.charAt(i) == 'a' ? 'b' : 'a';
            assertThat(Token.parse(text.substring(0, i) + other + text.substring(i + 1)))
                    .isEmpty();
        }
    }

    @Test
    void itDoesNotShowItself() {
        var token = Token.random(Token.Kind.SESSION);
        assertThat(token.toString()).isEqualTo("mol_ses_***");
    }
}
