package ai.molecule.llm;

import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// Does what the last message asks for, by its first word; anything else is said back.
///
/// What came of a tool is told: `The tool answered: …`.
public final class SpokenScript implements Script {

    /// What it understands.
    public static final String HELP = """
            say <text>            says it
            slowly <text>         says it, a word every 200 ms
            first                 says what the conversation began with
            count                 says how many messages the conversation has
            call <tool> <json>    calls a tool, and tells what it answered
            loop <tool>           calls a tool again and again
            garble <tool>         calls a tool with arguments that are no JSON
            limit                 429 with Retry-After, the first time it is asked
            fail <status>         refuses with that status
            nothing               says nothing
            cut <text>            breaks off after the text
            trail <text>          ends after the text as if that were all
            forget                refuses every conversation of more than two messages as too long
            ask <name> to <…>     has a colleague do it, and tells what it answered
            plan <a briefing>     has one colleague find sources and another write, asks a person, reports
            find <sources on …>   finds three
            write <about …>       writes a paragraph""";

    private static final Duration BETWEEN = Duration.ofMillis(200);
    private static final int CONVERSATION_MAX = 2;
    private static final int REMEMBERED_MAX = 1000;

    private static final Set<String> CALLING = Set.of("call", "loop", "garble");

    private final Map<String, Boolean> limited = new ConcurrentHashMap<>();

    @Override
    public Reply answer(Prompt prompt) {
        var asked = prompt.asked();
        var space = asked.indexOf(' ');
        var word = (space < 0 ? asked : asked.substring(0, space)).toLowerCase(Locale.ROOT);
        var rest = space < 0 ? "" : asked.substring(space + 1);
        if (word.equals("plan")) {
            return Planning.next(rest, prompt);
        }
        var wish = Planning.wish(asked);
        if (wish.isPresent()) {
            return wish.get().next(prompt);
        }
        if (prompt.last().role() == Prompt.Role.TOOL && !word.equals("loop")) {
            return Reply.Said.of("The tool answered: " + prompt.last().text());
        }
        if (CALLING.contains(word) && prompt.tools().isEmpty()) {
            return Reply.Said.of("I would " + asked);
        }
        return switch (word) {
            case "say" -> Reply.Said.of(rest);
            case "slowly" -> Reply.Said.of(rest).slowly(BETWEEN);
            case "first" -> Reply.Said.of(prompt.first().orElse(""));
            case "count" -> Reply.Said.of(String.valueOf(prompt.turns().size()));
            case "call" -> call(rest);
            case "loop" -> Reply.Said.calling(rest.strip(), "{}");
            case "garble" -> Reply.Said.calling(rest.strip(), "{\"unfinished\": ");
            case "limit" ->
                limited().putIfAbsent(asked, true) == null
                        ? new Reply.Refused(
                                429,
                                "requests",
                                "rate_limit_exceeded",
                                "Rate limit reached for requests",
                                Duration.ofSeconds(1))
                        : Reply.Said.of("not limited any more");
            case "fail" ->
                new Reply.Refused(
                        rest.strip().matches("[45][0-9]{2}") ? Integer.parseInt(rest.strip()) : 500,
                        "server_error",
                        "server_error",
                        "Asked to fail",
                        Duration.ZERO);
            case "nothing" -> Reply.Said.of("");
            case "cut" -> Reply.Said.of(rest).cutOff();
            case "find" -> Reply.Said.of("Three " + rest + ": a measurement, a manual, and somebody who has one");
            case "write" -> Reply.Said.of("A paragraph " + rest + ", in plain words, with its sources named.");
            case "trail" -> Reply.Said.of(rest).trailingOff();
            case "forget" -> prompt.turns().size() > CONVERSATION_MAX ? tooLong() : Reply.Said.of("all forgotten");
            default -> Reply.Said.of("I heard: " + asked);
        };
    }

    /// Whom it asked to wait; when they are many, they are forgotten.
    private Map<String, Boolean> limited() {
        if (limited.size() > REMEMBERED_MAX) {
            limited.clear();
        }
        return limited;
    }

    private static Reply call(String rest) {
        var space = rest.indexOf(' ');
        return space < 0
                ? Reply.Said.calling(rest, "{}")
                : Reply.Said.calling(rest.substring(0, space), rest.substring(space + 1));
    }

    private static Reply tooLong() {
        return new Reply.Refused(
                400,
                "invalid_request_error",
                "context_length_exceeded",
                "This model's maximum context length is 8 tokens",
                Duration.ZERO);
    }
}
