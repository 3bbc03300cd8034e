package ai.molecule.agent.echo;

import ai.molecule.agent.Engine;
import ai.molecule.agent.Work;
import ai.molecule.protocol.Message;
import ai.molecule.protocol.WorkspaceId;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Answers with what it was told. A few first words ask for more, see [#HELP].
public final class EchoEngine implements Engine {

    static final String HELP =
            "slow <words> | events <n> | sleep <seconds> | fail <text> | ask <workspace id> <text> | secret <name> | input";

    private static final Duration BETWEEN_WORDS = Duration.ofMillis(500);
    private static final int EVENTS_MAX = 100_000;
    private static final int SECONDS_MAX = 3600;

    private final UnaryOperator<@Nullable String> secrets;

    /// An engine that can tell whether it has a secret, but not which.
    ///
    /// @param secrets a secret's value by its name; null where there is none
    public EchoEngine(UnaryOperator<@Nullable String> secrets) {
        this.secrets = secrets;
    }

    @Override
    public String runtime() {
        return "echo";
    }

    @Override
    public String description() {
        return "Answers with what it was told; also: " + HELP;
    }

    @Override
    public void work(Message message, Work work) throws Exception {
        var text = message.text();
        if (work.continued()) {
            answer(text, work);
            return;
        }
        var space = text.indexOf(' ');
        var word = (space < 0 ? text : text.substring(0, space)).toLowerCase(Locale.ROOT);
        var rest = space < 0 ? "" : text.substring(space + 1).strip();
        switch (word) {
            case "slow" -> speakSlowly(rest, work);
            case "events" -> count(rest, work);
            case "sleep" -> sleep(rest, work);
            case "fail" -> work.fail(rest.isEmpty() ? "asked to fail" : rest);
            case "ask" -> consult(rest, work);
            case "secret" -> answer(told(rest), work);
            case "input" -> work.ask("What shall I answer?");
            default -> answer(text, work);
        }
    }

    private String told(String name) {
        var value = secrets.apply(name);
        return value == null ? "there is no " + name : name + " has " + value.length() + " characters";
    }

    private static void answer(String text, Work work) {
        work.write(text, true);
        work.complete();
    }

    private static void speakSlowly(String text, Work work) throws InterruptedException {
        work.say("speaking");
        var words = List.of(text.split("\\s+", -1));
        for (int i = 0; i < words.size(); i++) {
            Thread.sleep(BETWEEN_WORDS);
            work.write(i == 0 ? words.get(i) : " " + words.get(i), i == words.size() - 1);
        }
        work.complete();
    }

    private static void count(String text, Work work) {
        var events = number(text, EVENTS_MAX);
        for (int i = 1; i <= events; i++) {
            work.write("event " + i + "\n", i == events);
        }
        work.complete();
    }

    private static void sleep(String text, Work work) throws InterruptedException {
        var seconds = number(text, SECONDS_MAX);
        work.say("sleeping " + seconds + " s");
        Thread.sleep(Duration.ofSeconds(seconds));
        answer("slept " + seconds + " s", work);
    }

    private static void consult(String text, Work work) throws Exception {
        var space = text.indexOf(' ');
        var peer = WorkspaceId.parse(space < 0 ? text : text.substring(0, space));
        if (peer.isEmpty()) {
            work.fail("Expected: ask <workspace id> <text>");
            return;
        }
        work.say("asking " + peer.get());
        answer(work.consult(peer.get(), space < 0 ? "" : text.substring(space + 1)), work);
    }

    private static int number(String text, int max) {
        if (!text.matches("[0-9]{1,6}") || Integer.parseInt(text) > max) {
            throw new IllegalArgumentException("Expected a number from 0 to " + max + ", but found " + text);
        }
        return Integer.parseInt(text);
    }
}
