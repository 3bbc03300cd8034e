package ai.molecule.agent.langgraph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.molecule.protocol.Configuration;
import ai.molecule.protocol.Json;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GraphTest {

    private static Graph of(String yaml) {
        return Graph.read(Configuration.read(Map.of("config.yaml", "graph:\n" + yaml.indent(2)))
                .settings()
                .path("graph"));
    }

    @Test
    void whereNoneIsConfiguredItPlansActsAndReflects() {
        assertThat(Graph.read(Json.object().path("graph")).steps().keySet()).containsExactly("plan", "act", "reflect");
    }

    @Test
    void stepsAreReadInTheirOrder() {
        var graph = of("""
                start: draft
                limit: 20
                steps:
                  draft: {kind: act, prompt: Write a letter., next: permit}
                  permit: {kind: ask, prompt: "May I send it?", approved: end, denied: think}
                  think: {kind: think, prompt: "Why not?", next: choose}
                  choose: {kind: judge, prompt: "GOOD or BAD?", choices: {good: end, bad: draft}, tries: 3}
                """);
        assertThat(graph.start()).isEqualTo("draft");
        assertThat(graph.limit()).isEqualTo(20);
        assertThat(graph.steps())
                .containsEntry("permit", new Graph.Ask("May I send it?", "end", "think"))
                .containsEntry("choose", new Graph.Judge("GOOD or BAD?", Map.of("good", "end", "bad", "draft"), 3));
    }

    @Test
    void everyFaultIsNamedAtOnce() {
        assertThatThrownBy(() -> of("""
                        start: nowhere
                        limit: 0
                        colour: red
                        steps:
                          end: {kind: act, next: end}
                          a: {kind: dance, next: end}
                          b: {kind: think, next: c}
                          d: {kind: judge, prompt: x, choices: {}, tires: 2}
                        """))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("graph.start: there is no step nowhere")
                .hasMessageContaining("graph.limit: expected a number from 1 to 500, but found 0")
                .hasMessageContaining("graph.colour: there is no such setting")
                .hasMessageContaining("but found end")
                .hasMessageContaining("graph.steps.a.kind: expected think, act, judge or ask, but found \"dance\"")
                .hasMessageContaining("graph.steps.b.prompt: expected what is asked")
                .hasMessageContaining("graph.steps.b: there is no step c")
                .hasMessageContaining("graph.steps.d.choices: expected at least one")
                .hasMessageContaining("graph.steps.d.tires: there is no such setting");
        assertThatThrownBy(() -> of("start: a\n")).hasMessageContaining("expected 1 to 50 steps");
    }
}
