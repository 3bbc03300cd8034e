package ai.molecule.agent.model;

import ai.molecule.agent.Shelf;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ChatMessageDeserializer;
import dev.langchain4j.data.message.ChatMessageSerializer;
import dev.langchain4j.data.message.UserMessage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// What was said in each context. Durable, and written anew after every turn. Bounded: of one that is too long the
/// oldest turns are forgotten.
public final class Conversations {

    static final int LENGTH_MAX = 2 * 1024 * 1024;

    private final Shelf shelf;

    /// @param directory made where it is missing; nobody else may read it
    public Conversations(Path directory) {
        this.shelf = new Shelf(directory);
    }

    /// What was said in a context so far.
    public List<ChatMessage> of(String contextId) throws IOException {
        return shelf.of(contextId)
                .map(ChatMessageDeserializer::messagesFromJson)
                .orElse(List.of());
    }

    /// True when something was said in a context.
    public boolean has(String contextId) {
        return shelf.has(contextId);
    }

    /// Forgets what was said in a context.
    public void forget(String contextId) throws IOException {
        shelf.forget(contextId);
    }

    /// Keeps what was said in a context.
    public void keep(String contextId, List<ChatMessage> messages) throws IOException {
        shelf.keep(contextId, written(messages));
    }

    private static String written(List<ChatMessage> messages) {
        var kept = messages;
        var text = ChatMessageSerializer.messagesToJson(kept);
        while (text.length() > LENGTH_MAX && nextTurn(kept) < kept.size()) {
            kept = kept.subList(nextTurn(kept), kept.size());
            text = ChatMessageSerializer.messagesToJson(kept);
        }
        return text;
    }

    /// Where the second turn begins: with what a person said.
    private static int nextTurn(List<ChatMessage> messages) {
        for (int i = 1; i < messages.size(); i++) {
            if (messages.get(i) instanceof UserMessage) {
                return i;
            }
        }
        return messages.size();
    }
}
