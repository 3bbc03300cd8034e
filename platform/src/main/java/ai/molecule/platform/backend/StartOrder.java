package ai.molecule.platform.backend;

import ai.molecule.protocol.WorkspaceId;
import java.net.URI;
import java.util.Map;

/// What is to be started.
///
/// @param generation counts the starts of a workspace's agent
/// @param host what of its machine it gets
/// @param region where in the world it should run, in whatever words its owner has; empty for anywhere
/// @param platformUrl how the agent reaches the platform
/// @param enrolment the secret with which the agent registers, once
/// @param secrets values for its environment; what the platform puts there itself goes before them
/// @param configuration files that it finds beside its enrolment, by path; none for an agent that fetches them
public record StartOrder(
        WorkspaceId workspace,
        long generation,
        AgentRuntime runtime,
        Size size,
        HostAccess host,
        String region,
        URI platformUrl,
        String enrolment,
        Map<String, String> secrets,
        Map<String, String> configuration) {

    /// The generation of an agent that is made ahead, and of a workspace's first one.
    public static final long FIRST = 1;

    public StartOrder {
        secrets = Map.copyOf(secrets);
        configuration = Map.copyOf(configuration);
    }

    /// An order without files.
    public StartOrder(
            WorkspaceId workspace,
            long generation,
            AgentRuntime runtime,
            Size size,
            HostAccess host,
            String region,
            URI platformUrl,
            String enrolment,
            Map<String, String> secrets) {
        this(workspace, generation, runtime, size, host, region, platformUrl, enrolment, secrets, Map.of());
    }

    /// The same with files.
    public StartOrder configured(Map<String, String> files) {
        return new StartOrder(
                workspace, generation, runtime, size, host, region, platformUrl, enrolment, secrets, files);
    }

    /// All that is known of an agent that is made ahead.
    public static StartOrder ahead(WorkspaceId workspace, AgentRuntime runtime, Size size, URI platformUrl) {
        return new StartOrder(workspace, FIRST, runtime, size, HostAccess.NONE, "", platformUrl, "", Map.of());
    }

    @Override
    public String toString() {
        return "start " + runtime.id() + " of workspace " + workspace + ", generation " + generation;
    }
}
