package ai.molecule.platform.backend;

import ai.molecule.protocol.WorkspaceId;
import java.net.URI;
import java.util.Map;

/// What is to be started.
///
/// @param generation counts the starts of a workspace's agent
/// @param platformUrl how the agent reaches the platform
/// @param enrolment the secret with which the agent registers, once
/// @param secrets values for its environment; what the platform puts there itself goes before them
public record StartOrder(
        WorkspaceId workspace,
        long generation,
        AgentRuntime runtime,
        Size size,
        URI platformUrl,
        String enrolment,
        Map<String, String> secrets) {

    public StartOrder {
        secrets = Map.copyOf(secrets);
    }

    @Override
    public String toString() {
        return "start " + runtime.id() + " of workspace " + workspace + ", generation " + generation;
    }
}
