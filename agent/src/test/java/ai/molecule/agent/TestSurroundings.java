package ai.molecule.agent;

import ai.molecule.protocol.Configuration;
import java.util.List;
import java.util.Map;

/// Surroundings that a test can change.
public record TestSurroundings(
        Map<String, String> settings, String name, String model, Map<String, String> files, List<Self.Peer> peers)
        implements Surroundings {

    /// Without a configuration, and alone.
    public TestSurroundings(Map<String, String> settings, String name, String model) {
        this(settings, name, model, Map.of(), List.of());
    }

    @Override
    public Map<String, String> values() {
        return Map.copyOf(settings);
    }

    @Override
    public Self self() {
        return new Self(name, "counts things", model, peers);
    }

    @Override
    public Configuration configuration() {
        return Configuration.read(files);
    }
}
