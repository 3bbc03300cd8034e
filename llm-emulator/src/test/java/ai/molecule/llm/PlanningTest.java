package ai.molecule.llm;

import static org.assertj.core.api.Assertions.assertThat;

import ai.molecule.llm.Prompt.Role;
import ai.molecule.llm.Prompt.Turn;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlanningTest {

    private static final String PEERS = """
            [{"workspace_id": "w", "role": "Writes it"}, {"workspace_id": "f", "role": "Finds it"}]""";

    private static Reply after(String... answers) {
        return afterAsking("plan a briefing on fans", answers);
    }

    private static Reply afterAsking(String wanted, String... answers) {
        var turns = new ArrayList<>(List.of(
                new Turn(Role.USER, "say something before", List.of()),
                new Turn(Role.TOOL, "of another turn", List.of()),
                new Turn(Role.USER, wanted, List.of())));
        for (var answer : answers) {
            turns.add(new Turn(Role.TOOL, answer, List.of()));
        }
        return new SpokenScript().answer(new Prompt("scripted", turns, List.of()));
    }

    @Test
    void eachStepFollowsFromWhatTheToolsAnswered() {
        assertThat(after()).isEqualTo(Reply.Said.calling("list_peers", "{}"));
        assertThat(after(PEERS))
                .isEqualTo(Reply.Said.calling(
                        "delegate_task", "{\"workspace_id\":\"f\",\"task\":\"find sources on fans\"}"));
        assertThat(after(PEERS, "found"))
                .isEqualTo(
                        Reply.Said.calling("delegate_task", "{\"workspace_id\":\"w\",\"task\":\"write about fans\"}"));
        assertThat(after(PEERS, "found", "written"))
                .isEqualTo(Reply.Said.calling(
                        "request_approval", "{\"action\":\"Publish a briefing on fans\",\"reason\":\"written\"}"));
        assertThat(((Reply.Said) after(PEERS, "found", "written", "{\"status\":\"approved\"}")).text())
                .isEqualTo("Published a briefing on fans. Found: found. Written: written");
        assertThat(((Reply.Said) after(PEERS, "found", "written", "{\"status\":\"denied\"}")).text())
                .startsWith("Not published");
    }

    @Test
    void aColleagueIsAskedByName() {
        var peers =
                "[{\"workspace_id\": \"w\", \"name\": \"Writer\"}, {\"workspace_id\": \"f\", \"name\": \"Finder\"}]";
        var wanted = "Ask finder to find sources on fans";
        assertThat(afterAsking(wanted)).isEqualTo(Reply.Said.calling("list_peers", "{}"));
        assertThat(afterAsking(wanted, peers))
                .isEqualTo(Reply.Said.calling(
                        "delegate_task", "{\"workspace_id\":\"f\",\"task\":\"find sources on fans\"}"));
        assertThat(afterAsking(wanted, peers, "three")).isEqualTo(Reply.Said.of("finder says: three"));
        assertThat(((Reply.Said) afterAsking("ask nobody to do it", peers)).text())
                .isEqualTo("There is nobody whom I could ask.");
    }

    @Test
    void whoeverIsAloneSaysSo() {
        assertThat(((Reply.Said) after("[]")).text()).isEqualTo("There is nobody whom I could ask.");
        assertThat(((Reply.Said) after("no list")).text()).isEqualTo("There is nobody whom I could ask.");
    }
}
