package ai.molecule.platform.workspace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.molecule.protocol.Refusal;
import java.time.Instant;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class LifeTest {

    private static final Instant THEN = Instant.parse("2026-11-23T11:00:00Z");
    private static final Instant NOW = Instant.parse("2026-11-23T12:00:00Z");

    private static final List<Life> ALL = List.of(
            new Life.Provisioning(THEN),
            new Life.AwaitingAgent(THEN),
            new Life.Online(THEN),
            new Life.Degraded(THEN, "x"),
            new Life.Offline(THEN, "x"),
            new Life.Paused(THEN),
            new Life.Hibernated(THEN),
            new Life.Failed(THEN, "x"),
            new Life.Removed(THEN, ""));

    /// Each transition, and where it leads from every state in the order above; `-` means refused, `=`
    /// unchanged.
    static Stream<Arguments> table() {
        return Stream.of(
                row("registered", life -> life.registered(NOW), "online online = online online - - - -"),
                row("a healthy beat", life -> life.beaten(0, false, "", NOW), "= = = online online = = = ="),
                row("a bad beat", life -> life.beaten(0.5, false, "e", NOW), "= = degraded = degraded = = = ="),
                row("a middling beat", life -> life.beaten(0.3, false, "e", NOW), "= = = = online = = = ="),
                row("a wedged beat", life -> life.beaten(0, true, "e", NOW), "= = degraded = degraded = = = ="),
                row("silent", life -> life.silent("quiet", NOW), "= = offline offline = = = = ="),
                row("died", life -> life.died("exit 1", NOW), "offline offline offline offline offline = = = ="),
                row("revived", life -> life.revived(NOW), "= = = = provisioning = = = ="),
                row("gave up", life -> life.gaveUp("enough", NOW), "failed = = = failed = = = ="),
                row(
                        "restarted",
                        life -> life.restarted(NOW),
                        "provisioning - provisioning provisioning provisioning - provisioning provisioning -"),
                row("paused", life -> life.paused(NOW), "paused paused paused paused paused - paused paused -"),
                row("hibernated", life -> life.hibernated(NOW), "- - hibernated hibernated - - - - -"),
                row("woken", life -> life.woken(NOW), "= = = = = = provisioning = ="),
                row(
                        "resumed",
                        life -> life.resumed(new Life.Provisioning(NOW)),
                        "- - - - - provisioning provisioning - -"),
                row(
                        "removed",
                        life -> life.removed("", NOW),
                        "removed removed removed removed removed removed removed removed ="));
    }

    private static Arguments row(String name, UnaryOperator<Life> transition, String outcomes) {
        return Arguments.of(name, transition, List.of(outcomes.split(" ", -1)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("table")
    void everyTransitionLeadsWhereTheTableSays(String name, UnaryOperator<Life> transition, List<String> outcomes) {
        for (int i = 0; i < ALL.size(); i++) {
            var from = ALL.get(i);
            var expected = outcomes.get(i);
            if (expected.equals("-")) {
                assertThatThrownBy(() -> transition.apply(from))
                        .as("%s from %s", name, from.status())
                        .isInstanceOfSatisfying(
                                Refusal.class,
                                refusal -> assertThat(refusal.reason()).isEqualTo(Refusal.Reason.ILLEGAL_TRANSITION))
                        .hasMessageContaining(from.status());
            } else if (expected.equals("=")) {
                assertThat(transition.apply(from))
                        .as("%s from %s", name, from.status())
                        .isEqualTo(from);
            } else {
                var to = transition.apply(from);
                assertThat(to.status()).as("%s from %s", name, from.status()).isEqualTo(expected);
                assertThat(to.since()).isEqualTo(NOW);
            }
        }
    }

    @Test
    void aStateIsReadBackFromItsColumns() {
        for (var life : ALL) {
            assertThat(Life.of(life.status(), life.since(), life.reason())).isEqualTo(life);
        }
    }

    @Test
    void theWordsAreTheWires() {
        assertThat(ALL.stream().map(Life::status))
                .containsExactly(
                        "provisioning",
                        "awaiting_agent",
                        "online",
                        "degraded",
                        "offline",
                        "paused",
                        "hibernated",
                        "failed",
                        "removed");
    }
}
