package ai.molecule.agent.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ToolExecutionResultMessage;
import dev.langchain4j.data.message.UserMessage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConversationsTest {

    @TempDir
    private Path state;

    private Conversations conversations() {
        return new Conversations(state.resolve("talks"));
    }

    @Test
    void whatWasSaidAndCalledComesBackWhole() throws IOException {
        var call = ToolExecutionRequest.builder()
                .id("c1")
                .name("count")
                .arguments("{\"a\":1}")
                .build();
        var said = List.<ChatMessage>of(
                UserMessage.from("héllo"),
                AiMessage.from(List.of(call)),
                ToolExecutionResultMessage.from(call, "one"),
                AiMessage.from("It is one"));
        conversations().keep("a/../b", said);
        assertThat(conversations().of("a/../b")).isEqualTo(said);
        assertThat(conversations().of("another")).isEmpty();
        assertThat(Files.getPosixFilePermissions(state.resolve("talks")))
                .containsExactlyInAnyOrder(
                        PosixFilePermission.OWNER_READ,
                        PosixFilePermission.OWNER_WRITE,
                        PosixFilePermission.OWNER_EXECUTE);
    }

    @Test
    void ofOneThatIsTooLongTheOldestTurnsAreForgotten() throws IOException {
        var said = new ArrayList<ChatMessage>();
        for (int i = 0; i < 5; i++) {
            said.add(UserMessage.from(i + "x".repeat(Conversations.LENGTH_MAX / 4)));
            said.add(AiMessage.from("yes"));
        }
        conversations().keep("long", said);
        assertThat(conversations().of("long")).isEqualTo(said.subList(4, said.size()));
    }

    @Test
    void ofTooManyTheOneThatRestedLongestIsForgotten() throws IOException {
        for (int i = 0; i <= 1000; i++) {
            conversations().keep("talk " + i, List.of(UserMessage.from("x")));
            if (i == 0) {
                try (var files = Files.list(state.resolve("talks"))) {
                    assertThat(files.findFirst().orElseThrow().toFile().setLastModified(1000))
                            .isTrue();
                }
            }
        }
        assertThat(conversations().of("talk 0")).isEmpty();
        assertThat(conversations().of("talk 1")).isNotEmpty();
        assertThat(conversations().of("talk 1000")).isNotEmpty();
    }
}
