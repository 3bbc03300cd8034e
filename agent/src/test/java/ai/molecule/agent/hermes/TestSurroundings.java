package ai.molecule.agent.hermes;

import ai.molecule.agent.Self;
import ai.molecule.agent.Surroundings;
import java.util.Map;

/// Surroundings that a test can change.
record TestSurroundings(Map<String, String> settings, String name, String model) implements Surroundings {
    @Override
    public Map<String, String> values() {
        return Map.copyOf(settings);
    }

    @Override
    public Self self() {
        return new Self(name, "counts things", model);
    }
}
