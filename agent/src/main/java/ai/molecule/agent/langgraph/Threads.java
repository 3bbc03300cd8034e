package ai.molecule.agent.langgraph;

import ai.molecule.agent.Shelf;
import ai.molecule.protocol.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.bsc.langgraph4j.RunnableConfig;
import org.bsc.langgraph4j.checkpoint.BaseCheckpointSaver;
import org.bsc.langgraph4j.checkpoint.Checkpoint;

/// How far each message has come through its graph: after every step one checkpoint, in place of the one before.
/// Durable; of too many messages those that rested longest are forgotten. All of a state is text.
final class Threads implements BaseCheckpointSaver {

    private final Shelf shelf;

    /// @param directory made where it is missing; nobody else may read it
    Threads(Path directory) {
        this.shelf = new Shelf(directory);
    }

    @Override
    public Collection<Checkpoint> list(RunnableConfig config) {
        return get(config).map(List::of).orElse(List.of());
    }

    @Override
    public Optional<Checkpoint> get(RunnableConfig config) {
        try {
            return shelf.of(threadId(config)).map(Threads::read);
        } catch (IOException broken) {
            throw new UncheckedIOException(broken);
        }
    }

    @Override
    public RunnableConfig put(RunnableConfig config, Checkpoint checkpoint) throws IOException {
        var state = new HashMap<String, String>();
        checkpoint.getState().forEach((key, value) -> state.put(key, (String) value));
        var json = Json.object()
                .put("id", checkpoint.getId())
                .put("node", checkpoint.getNodeId())
                .put("next", checkpoint.getNextNodeId());
        state.forEach(json.putObject("state")::put);
        shelf.keep(threadId(config), Json.text(json));
        return config;
    }

    @Override
    public Tag release(RunnableConfig config) throws IOException {
        var known = list(config);
        forget(threadId(config));
        return new Tag(threadId(config), known);
    }

    /// Forgets how far a message came.
    void forget(String thread) throws IOException {
        shelf.forget(thread);
    }

    private static Checkpoint read(String text) {
        var json = Json.trusted(text);
        Map<String, Object> state = new HashMap<>();
        json.path("state")
                .properties()
                .forEach(one -> state.put(one.getKey(), one.getValue().asText()));
        return Checkpoint.builder()
                .id(json.path("id").asText())
                .nodeId(json.path("node").asText())
                .nextNodeId(json.path("next").asText())
                .state(state)
                .build();
    }
}
