package ai.molecule.agent;

import dev.langchain4j.agent.tool.ToolExecutionRequest;
import dev.langchain4j.agent.tool.ToolSpecification;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/// A tool that counts how often it was called, and one that asks a person.
public final class TestTools implements Tools {

    private final List<ToolExecutionRequest> called = new CopyOnWriteArrayList<>();
    private final Map<String, String> decisions = new ConcurrentHashMap<>();

    /// What was called.
    public List<ToolExecutionRequest> called() {
        return List.copyOf(called);
    }

    /// A person decides all that was asked so far.
    public void decide(String made) {
        for (var approval = 1; approval <= called.size(); approval++) {
            decisions.putIfAbsent(String.valueOf(approval), made);
        }
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
        return request.name().equals("ask") || request.name().equals(APPROVAL)
                ? new Outcome.Asked(String.valueOf(called.size()), "do it")
                : new Outcome.Told(String.valueOf(called.size()));
    }

    @Override
    public Optional<String> decided(String approval) {
        return Optional.ofNullable(decisions.get(approval));
    }
}
