package ai.molecule.agent.hermes;

import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ChatMessageDeserializer;
import dev.langchain4j.data.message.ChatMessageSerializer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/// What was said in each context. Durable: a file for each, written anew after every turn.
final class Conversations {

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

    /// Keeps what was said in a context.
    void keep(String contextId, List<ChatMessage> messages) throws IOException {
        Files.createDirectories(
                directory, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        var next = Files.createTempFile(directory, "next", ".json");
        Files.writeString(next, ChatMessageSerializer.messagesToJson(messages));
        Files.move(next, file(contextId), StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
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
