package ai.molecule.llm;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// What a model does that plans: it looks who is there, has one find and another write, asks a person, and reports.
/// Each step follows from what the tools have answered so far.
final class Planning {

    private static final int SHOWN_MAX = 300;
    private static final Pattern WISH = Pattern.compile("(?i)ask (\\S+) to (\\S.*)", Pattern.DOTALL);

    private Planning() {}

    /// The next step.
    ///
    /// @param goal what is wanted, such as `a briefing on fans`
    static Reply next(String goal, Prompt prompt) {
        var answers = answers(prompt);
        var about = goal.replaceFirst("^.*? on ", "");
        return switch (answers.size()) {
            case 0 -> Reply.Said.calling("list_peers", "{}");
            case 1 -> delegate(answers.getFirst(), "Finds", 0, "find sources on " + about);
            case 2 -> delegate(answers.getFirst(), "Writes", 1, "write about " + about);
            case 3 ->
                Reply.Said.calling(
                        "request_approval",
                        Json.text(
                                Json.object().put("action", "Publish " + goal).put("reason", clipped(answers.get(2)))));
            default -> report(goal, answers);
        };
    }

    /// Something that one colleague is to do.
    record Wish(String name, String what) {

        /// The next step.
        Reply next(Prompt prompt) {
            var answers = answers(prompt);
            return switch (answers.size()) {
                case 0 -> Reply.Said.calling("list_peers", "{}");
                case 1 -> delegate(called(answers.getFirst(), name), what);
                default -> Reply.Said.of(name + " says: " + answers.getLast());
            };
        }
    }

    /// What a text such as `ask Writer to write about fans` wants; empty for any other.
    static Optional<Wish> wish(String asked) {
        var words = WISH.matcher(asked.strip());
        return words.matches() ? Optional.of(new Wish(words.group(1), words.group(2))) : Optional.empty();
    }

    /// Whoever has a name.
    private static Optional<String> called(String peers, String name) {
        try {
            for (JsonNode one : Json.read(peers)) {
                if (one.path("name").asText().equalsIgnoreCase(name)) {
                    return Optional.of(one.path("workspace_id").asText());
                }
            }
            return Optional.empty();
        } catch (Json.MalformedException noList) {
            return Optional.empty();
        }
    }

    private static List<String> answers(Prompt prompt) {
        var answers = new ArrayList<String>();
        for (var turn : prompt.turns()) {
            if (turn.role() == Prompt.Role.USER) {
                answers.clear();
            } else if (turn.role() == Prompt.Role.TOOL) {
                answers.add(turn.text());
            }
        }
        return answers;
    }

    private static Reply delegate(String peers, String role, int otherwise, String task) {
        return delegate(peer(peers, role, otherwise), task);
    }

    private static Reply delegate(Optional<String> peer, String task) {
        return peer.<Reply>map(id -> Reply.Said.calling(
                        "delegate_task",
                        Json.text(Json.object().put("workspace_id", id).put("task", task))))
                .orElseGet(() -> Reply.Said.of("There is nobody whom I could ask."));
    }

    /// Whose role begins with a word, or else whoever is at a place of the list.
    private static Optional<String> peer(String peers, String role, int otherwise) {
        try {
            var all = Json.read(peers);
            for (JsonNode one : all) {
                if (one.path("role").asText().startsWith(role)) {
                    return Optional.of(one.path("workspace_id").asText());
                }
            }
            return Optional.of(all.path(Math.min(otherwise, all.size() - 1))
                            .path("workspace_id")
                            .asText())
                    .filter(id -> !id.isEmpty());
        } catch (Json.MalformedException noList) {
            return Optional.empty();
        }
    }

    private static Reply report(String goal, List<String> answers) {
        var decision = answers.getLast();
        var outcome = decision.contains("approved")
                ? "Published " + goal + ". "
                : "Not published: nobody agreed to " + goal + ". ";
        return Reply.Said.of(outcome + "Found: " + answers.get(1) + ". Written: " + answers.get(2));
    }

    private static String clipped(String text) {
        return text.length() > SHOWN_MAX ? text.substring(0, SHOWN_MAX) + "…" : text;
    }
}
