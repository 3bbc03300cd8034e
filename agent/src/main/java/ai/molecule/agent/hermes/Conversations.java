package ai.molecule.agent.hermes;

import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ChatMessageDeserializer;
import dev.langchain4j.data.message.ChatMessageSerializer;
import dev.langchain4j.data.message.UserMessage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.List;

/// What was said in each context. Durable: a file for each, written anew after every turn. Bounded: of one that
/// is too long the oldest turns are forgotten, and of too many the one that rested longest.
final class Conversations {

    static final int LENGTH_MAX = 2 * 1024 * 1024;
    private static final int KEPT_MAX = 1000;

    private final Path directory;

    /// @param directory made where it is missing; nobody else may read it
    Conversations(Path directory) {
        this.directory = directory;
    }

    /// What was said in a context so far.
    List<ChatMessage> of(String contextId) throws IOException {
        var file = file(contextId);
        return Files.exists(file) ? ChatMessageDeserializer.messagesFromJson(Files.readString(file)) : List.of();
    }

    /// True when something was said in a context.
    boolean has(String contextId) {
        return Files.exists(file(contextId));
    }

    /// Forgets what was said in a context.
    void forget(String contextId) throws IOException {
        Files.deleteIfExists(file(contextId));
    }

    /// Keeps what was said in a context.
    void keep(String contextId, List<ChatMessage> messages) throws IOException {
        Files.createDirectories(
                directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        var next = Files.createTempFile(directory, "next", ".json");
        Files.writeString(next, written(messages));
        var file = file(contextId);
        var another = !Files.exists(file);
        Files.move(next, file, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
        if (another) {
            forgetOldest();
        }
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

    private record Aged(Path file, long at) {}

    private void forgetOldest() throws IOException {
        try (var files = Files.list(directory)) {
            var all = files.map(file -> new Aged(file, file.toFile().lastModified()))
                    .sorted(Comparator.comparingLong(Aged::at))
                    .toList();
            for (var oldest : all.subList(0, Math.max(0, all.size() - KEPT_MAX))) {
                Files.deleteIfExists(oldest.file());
            }
        }
    }

    /// Context ids are the callers' words: what names a file is a hash of them.
    private Path file(String contextId) {
        try {
            var hash = MessageDigest.getInstance("SHA-256").digest(contextId.getBytes(StandardCharsets.UTF_8));
            return directory.resolve(HexFormat.of().formatHex(hash) + ".json");
        } catch (NoSuchAlgorithmException impossible) {
            throw new IllegalStateException(impossible);
        }
    }
}
