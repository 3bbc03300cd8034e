package ai.molecule.agent;

import java.util.Map;

/// What an engine finds around it; asked anew for every turn, because people change it while the agent runs.
public interface Surroundings {

    /// The environment, with the secrets of the workspace over it.
    Map<String, String> values();

    /// What the workspace is; what was known last where the platform cannot be asked.
    Self self();
}
