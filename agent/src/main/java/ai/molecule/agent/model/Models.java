package ai.molecule.agent.model;

import ai.molecule.agent.Self;
import ai.molecule.agent.Surroundings;
import ai.molecule.agent.Tools;
import ai.molecule.agent.Work;
import java.net.http.HttpClient;
import java.util.ArrayList;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;

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
    ///
    /// @param tools what else it needs
    public String trouble(Tools tools) {
        if (surroundings.self().equals(Self.UNKNOWN)) {
            // What is not known yet is not missing.
            return "";
        }
        var troubles = new ArrayList<String>();
        try {
            settings();
        } catch (IllegalArgumentException missing) {
            troubles.add(String.valueOf(missing.getMessage()).replace("\n", "; "));
        }
        troubles.add(surroundings.missing());
        troubles.add(tools.trouble());
        return troubles.stream().filter(one -> !one.isEmpty()).distinct().collect(Collectors.joining("; "));
    }

    /// Begins to think about a message.
    ///
    /// @throws IllegalArgumentException when something is missing, in words for whoever set the workspace up
    public Thinking begin(Work work) {
        if (surroundings.self().equals(Self.UNKNOWN)) {
            throw new IllegalArgumentException("the platform cannot be asked what this workspace is");
        }
        return new Thinking(new Model(settings(), client), tagging, work);
    }

    private ModelSettings settings() {
        return ModelSettings.read(surroundings.model(), surroundings.values());
    }
}
