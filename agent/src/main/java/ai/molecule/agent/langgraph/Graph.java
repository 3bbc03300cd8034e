package ai.molecule.agent.langgraph;

import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/// The steps that an agent takes for each message, and what comes after what: `graph` of its `config.yaml`.
///
/// @param start the name of the first step
/// @param limit how many steps one message may take
/// @param steps all of them, by name
record Graph(String start, int limit, Map<String, Step> steps) {

    /// The name that no step has: after it there is an answer.
    static final String END = "end";

    static final int LIMIT_MAX = 500;
    private static final int LIMIT_DEFAULT = 100;
    private static final int STEPS_MAX = 50;
    private static final int PROMPT_LENGTH_MAX = 10_000;
    private static final int QUESTION_LENGTH_MAX = 1000;
    private static final int TRIES_DEFAULT = 2;
    private static final int TRIES_MAX = 20;
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9_-]{0,39}");
    private static final Pattern CHOICE = Pattern.compile("[a-z][a-z0-9_]{0,39}");

    /// Plans, acts, looks at what came of it, and at most twice does better.
    static final Graph DEFAULT = new Graph(
            "plan",
            LIMIT_DEFAULT,
            ordered(
                    "plan",
                    new Think(
                            "Before you begin: in at most five short lines, what is to be done, with which of your tools"
                                    + " and colleagues, and how will you know that it is done? Only the plan.",
                            "act"),
                    "act",
                    new Act("", "reflect"),
                    "reflect",
                    new Judge(
                            "Look at your answer as whoever asked would. If it does what was asked, reply with the word"
                                    + " DONE. If not, reply with the word AGAIN, and then what is missing or wrong.",
                            choices("done", END, "again", "act"),
                            TRIES_DEFAULT)));

    Graph {
        steps = ordered(steps);
    }

    /// One step.
    sealed interface Step {
        /// What may come after it.
        Collection<String> nexts();

        /// What the model, or a person, is asked.
        String prompt();
    }

    /// The model thinks aside; what it thought is known to all later steps.
    record Think(String prompt, String next) implements Step {
        @Override
        public Collection<String> nexts() {
            return List.of(next);
        }
    }

    /// The model answers, and calls tools as long as it wants to.
    record Act(String prompt, String next) implements Step {
        @Override
        public Collection<String> nexts() {
            return List.of(next);
        }
    }

    /// The model chooses: its reply begins with the word of a choice; any other counts as the first one.
    ///
    /// @param tries how often it may choose anything but the first
    record Judge(String prompt, Map<String, String> choices, int tries) implements Step {
        Judge {
            choices = ordered(choices);
        }

        @Override
        public Collection<String> nexts() {
            return choices.values();
        }
    }

    /// A person decides.
    record Ask(String prompt, String approved, String denied) implements Step {
        @Override
        public Collection<String> nexts() {
            return List.of(approved, denied);
        }
    }

    /// Reads a graph.
    ///
    /// @param json `graph` of a configuration; where it is missing the default counts
    /// @throws IllegalArgumentException with every fault, one a line
    static Graph read(JsonNode json) {
        if (json.isMissingNode() || json.isNull()) {
            return DEFAULT;
        }
        return new Reading().graph(json);
    }

    private static final class Reading {

        private final List<String> faults = new ArrayList<>();

        Graph graph(JsonNode json) {
            only("graph", json, Set.of("start", "limit", "steps"));
            var steps = new LinkedHashMap<String, Step>();
            for (var entry : json.path("steps").properties()) {
                var name = entry.getKey();
                if (!NAME.matcher(name).matches() || name.equals(END)) {
                    faults.add("graph.steps: expected a name of a-z, 0-9, - and _, and not \"" + END + "\", but found "
                            + name);
                } else {
                    steps.put(name, step("graph.steps." + name, entry.getValue()));
                }
            }
            if (steps.isEmpty() || steps.size() > STEPS_MAX) {
                faults.add("graph.steps: expected 1 to " + STEPS_MAX + " steps by name, but found " + steps.size());
            }
            steps.forEach((name, step) -> step.nexts().forEach(next -> reachable("graph.steps." + name, next, steps)));
            var start = text("graph", json, "start");
            reachable("graph.start", start, steps);
            if (start.equals(END) && json.path("start").isTextual()) {
                faults.add("graph.start: expected a step, but found " + END);
            }
            var limit = number("graph.limit", json.path("limit"), LIMIT_DEFAULT, LIMIT_MAX);
            if (!faults.isEmpty()) {
                throw new IllegalArgumentException(String.join("\n", faults));
            }
            return new Graph(start, limit, steps);
        }

        private Step step(String where, JsonNode json) {
            var kind = text(where, json, "kind");
            var prompt = json.path("prompt").asText();
            var longest = kind.equals("ask") ? QUESTION_LENGTH_MAX : PROMPT_LENGTH_MAX;
            if (prompt.length() > longest) {
                faults.add(where + ".prompt: expected at most " + longest + " characters");
            }
            if (!kind.equals("act") && prompt.isBlank()) {
                faults.add(where + ".prompt: expected what is asked");
            }
            return switch (kind) {
                case "think" -> {
                    only(where, json, Set.of("kind", "prompt", "next"));
                    yield new Think(prompt, text(where, json, "next"));
                }
                case "act" -> {
                    only(where, json, Set.of("kind", "prompt", "next"));
                    yield new Act(prompt, text(where, json, "next"));
                }
                case "judge" -> {
                    only(where, json, Set.of("kind", "prompt", "choices", "tries"));
                    yield new Judge(
                            prompt,
                            choices(where, json.path("choices")),
                            number(where + ".tries", json.path("tries"), TRIES_DEFAULT, TRIES_MAX));
                }
                case "ask" -> {
                    only(where, json, Set.of("kind", "prompt", "approved", "denied"));
                    yield new Ask(prompt, text(where, json, "approved"), text(where, json, "denied"));
                }
                default -> {
                    faults.add(where + ".kind: expected think, act, judge or ask, but found \"" + kind + "\"");
                    yield new Act(prompt, END);
                }
            };
        }

        private Map<String, String> choices(String where, JsonNode json) {
            var choices = new LinkedHashMap<String, String>();
            json.properties().forEach(one -> {
                if (!CHOICE.matcher(one.getKey()).matches()) {
                    faults.add(where + ".choices: expected one word of small letters, but found " + one.getKey());
                }
                choices.put(one.getKey(), one.getValue().asText());
            });
            if (choices.isEmpty()) {
                faults.add(where + ".choices: expected at least one, each with the step after it");
            }
            return choices;
        }

        private String text(String where, JsonNode json, String field) {
            var value = json.path(field);
            if (!value.isTextual() || value.asText().isBlank()) {
                faults.add(where + "." + field + ": expected a text");
                return END;
            }
            return value.asText();
        }

        private int number(String where, JsonNode json, int usual, int most) {
            if (json.isMissingNode()) {
                return usual;
            }
            if (!json.isInt() || json.asInt() < 1 || json.asInt() > most) {
                faults.add(where + ": expected a number from 1 to " + most + ", but found " + Json.text(json));
            }
            return json.asInt();
        }

        private void reachable(String where, String next, Map<String, Step> steps) {
            if (!next.equals(END) && !steps.containsKey(next)) {
                faults.add(where + ": there is no step " + next);
            }
        }

        private void only(String where, JsonNode json, Set<String> known) {
            json.properties().stream()
                    .map(Map.Entry::getKey)
                    .filter(name -> !known.contains(name))
                    .forEach(name -> faults.add(where + "." + name + ": there is no such setting"));
        }
    }

    private static Map<String, Step> ordered(
            String one, Step first, String two, Step second, String three, Step third) {
        var steps = new LinkedHashMap<String, Step>();
        steps.put(one, first);
        steps.put(two, second);
        steps.put(three, third);
        return steps;
    }

    private static Map<String, String> choices(String one, String first, String two, String second) {
        var choices = new LinkedHashMap<String, String>();
        choices.put(one, first);
        choices.put(two, second);
        return choices;
    }

    /// The same in its order, which nobody can change.
    private static <V> Map<String, V> ordered(Map<String, V> map) {
        return java.util.Collections.unmodifiableMap(new LinkedHashMap<>(map));
    }
}
