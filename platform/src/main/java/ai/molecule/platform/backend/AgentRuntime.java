package ai.molecule.platform.backend;

import java.util.List;

/// What an agent is made of.
///
/// @param id its word on a workspace
/// @param image the container image, with a tag or a digest
/// @param port where its agent listens inside a container
/// @param requiredEnv names without which it cannot work, to be given as secrets
/// @param readySeconds how long its agent may take to register
/// @param tierMin the number of the smallest tier that it fits into
public record AgentRuntime(String id, String image, int port, List<String> requiredEnv, int readySeconds, int tierMin) {

    public AgentRuntime {
        requiredEnv = List.copyOf(requiredEnv);
    }
}
