package ai.molecule.agent;

import java.util.Map;

/// Surroundings that a test can change.
public record TestSurroundings(Map<String, String> settings, String name, String model) implements Surroundings {
    @Override
    public Map<String, String> values() {
        return Map.copyOf(settings);
    }

    @Override
    public Self self() {
        return new Self(name, "counts things", model);
    }
}
