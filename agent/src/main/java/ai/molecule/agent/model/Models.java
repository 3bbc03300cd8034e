package ai.molecule.agent.model;

import ai.molecule.agent.Self;
import ai.molecule.agent.Surroundings;
import ai.molecule.agent.Work;
import java.net.http.HttpClient;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/// The model that an agent's workspace is set to, as it is now.
public final class Models {

    private final Surroundings surroundings;
    private final HttpClient client;
    private final Set<String> tagging = ConcurrentHashMap.newKeySet();

    /// @param client how models are reached
    public Models(Surroundings surroundings, HttpClient client) {
        this.surroundings = surroundings;
        this.client = client;
    }

    /// What is missing before a model can be asked; empty for nothing.
    public String trouble() {
        var self = surroundings.self();
        if (self.equals(Self.UNKNOWN)) {
            // What is not known yet is not missing.
            return "";
        }
        try {
            settings(self);
            return "";
        } catch (IllegalArgumentException missing) {
            return String.valueOf(missing.getMessage()).replace("\n", "; ");
        }
    }

    /// Begins to think about a message.
    ///
    /// @throws IllegalArgumentException when something is missing, in words for whoever set the workspace up
    public Thinking begin(Work work) {
        return new Thinking(new Model(settings(surroundings.self()), client), tagging, work);
    }

    private ModelSettings settings(Self self) {
        try {
            return ModelSettings.read(self.model(), surroundings.values());
        } catch (IllegalArgumentException missing) {
            if (self.equals(Self.UNKNOWN)) {
                throw new IllegalArgumentException("the platform cannot be asked what this workspace is", missing);
            }
            throw missing;
        }
    }
}
