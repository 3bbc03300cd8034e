package ai.molecule.agent;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/// A tool that counts how often it was called, and one that asks a person.
public final class TestTools implements Tools {

    private final List<ToolExecutionRequest> called = new CopyOnWriteArrayList<>();
    private volatile @Nullable String decision;

    /// What was called.
    public List<ToolExecutionRequest> called() {
        return List.copyOf(called);
    }

    /// A person decides.
    public void decide(String made) {
        decision = made;
    }

    @Override
    public List<ToolSpecification> all() {
        return List.of(
                ToolSpecification.builder().name("count").description("Counts").build(),
                ToolSpecification.builder().name("ask").description("Asks").build());
    }

    @Override
    public Outcome call(ToolExecutionRequest request, String course) {
        called.add(request);
        return request.name().equals("ask")
                ? new Outcome.Asked("an approval", "do it")
                : new Outcome.Told(String.valueOf(called.size()));
    }

    @Override
    public Optional<String> decided(String approval) {
        return Optional.ofNullable(decision);
    }
}
