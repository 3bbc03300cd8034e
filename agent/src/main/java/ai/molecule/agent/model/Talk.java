package ai.molecule.agent.model;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.UserMessage;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// What was said in a context, and where the turn begins that is going on.
public final class Talk {

    private static final int TRANSCRIPT_LENGTH_MAX = 24_000;

    private final List<ChatMessage> said;
    private int before;
    private int replaced;

    /// @param before what was said in earlier turns
    /// @param turn what was said in this one so far
    public Talk(List<ChatMessage> before, List<ChatMessage> turn) {
        this.said = new ArrayList<>(before);
        this.before = before.size();
        said.addAll(turn);
    }

    /// All of it.
    public List<ChatMessage> all() {
        return Collections.unmodifiableList(said);
    }

    /// What was said in this turn.
    public List<ChatMessage> turn() {
        return List.copyOf(said.subList(before, said.size()));
    }

    /// How many messages of earlier turns there is only a summary of by now, in this turn.
    public int replaced() {
        return replaced;
    }

    /// Something more is said.
    public void add(ChatMessage message) {
        said.add(message);
    }

    /// The talk with a request at its end, which this one does not hear of: turns alternate where models insist on
    /// it.
    List<ChatMessage> and(UserMessage request) {
        var longer = new ArrayList<>(said);
        if (!longer.isEmpty() && longer.getLast() instanceof UserMessage last) {
            longer.set(longer.size() - 1, UserMessage.from(last.singleText() + "\n\n" + request.singleText()));
        } else {
            longer.add(request);
        }
        return longer;
    }

    /// What was said before the message that is to be answered; of a long talk its end.
    String transcript() {
        var transcript = new StringBuilder();
        for (var message : said.subList(0, asked())) {
            switch (message) {
                case UserMessage user ->
                    transcript.append("user: ").append(user.singleText()).append('\n');
                case AiMessage answer
                when answer.text() != null ->
                    transcript.append("you: ").append(answer.text()).append('\n');
                default -> {}
            }
        }
        return transcript.substring(Math.max(0, transcript.length() - TRANSCRIPT_LENGTH_MAX));
    }

    /// Keeps the message that is to be answered and what came of it, with a summary of what was before.
    void shorten(String summary) {
        var from = asked();
        var kept = new ArrayList<>(said.subList(from, said.size()));
        if (from > 0 && kept.getFirst() instanceof UserMessage last) {
            kept.set(0, UserMessage.from("[Before this: " + summary + "]\n" + last.singleText()));
        }
        said.clear();
        said.addAll(kept);
        replaced += before;
        before = 0;
    }

    /// Where the message is that is to be answered.
    private int asked() {
        var from = said.size() - 1;
        while (from > 0 && !(said.get(from) instanceof UserMessage)) {
            from--;
        }
        return from;
    }
}
