package ai.molecule.agent;

import ai.molecule.protocol.Configuration;
import ai.molecule.protocol.Skill;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// What an engine finds around it; asked anew for every turn, because people change it while the agent runs.
public interface Surroundings {

    /// The environment, with the secrets of the workspace over it.
    Map<String, String> values();

    /// The secrets of the workspace, and nothing of whoever runs the agent.
    default Map<String, String> secrets() {
        return values();
    }

    /// What the workspace is; what was known last where the platform cannot be asked.
    Self self();

    /// What the workspace's agent is configured with; what was known last where the platform cannot be asked.
    default Configuration configuration() {
        return Configuration.NONE;
    }

    /// What a model is told before a conversation.
    ///
    /// @param runtime what the agent is made of
    default String instructions(String runtime) {
        return Instructions.of(self(), configuration(), skills(runtime));
    }

    /// What an agent that is made of a runtime is configured to know how to do.
    default List<Skill> skills(String runtime) {
        return configuration().skills().stream()
                .filter(skill -> skill.fits(runtime))
                .toList();
    }

    /// The model that the agent is to think with: the workspace's, else the configuration's; empty where nobody
    /// said.
    default String model() {
        var own = self().model();
        return own.isBlank() ? configuration().text("model") : own;
    }

    /// The variables that the configuration asks for and that are not there, each with what else would do.
    default String missing() {
        var values = values();
        var secrets = secrets();
        var required = configuration().required().stream()
                .filter(names -> names.stream()
                        .allMatch(name -> values.getOrDefault(name, "").isBlank()))
                .map(names -> String.join(" or ", names));
        var named = configuration().servers().stream().flatMap(server -> server.missing(secrets).stream());
        return Stream.concat(required, named)
                .distinct()
                .map(name -> name + ": expected this secret, as config.yaml says")
                .collect(Collectors.joining("; "));
    }
}
