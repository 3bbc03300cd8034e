package ai.molecule.platform;

import ai.molecule.platform.backend.AgentRuntime;
import ai.molecule.platform.backend.HostRules;
import ai.molecule.platform.backend.docker.DockerSettings;
import ai.molecule.platform.backend.docker.Registries;
import ai.molecule.platform.backend.docker.Subnets;
import ai.molecule.platform.backend.flyio.FlySettings;
import ai.molecule.platform.workspace.Spares;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/// What the operator set about where agents run.
///
/// @param backend the default one; none for docker where its engine answers, else process
/// @param runtimes ours and those of the file
/// @param allowed the runtimes that may be created; empty for all
/// @param engine the Docker engine's address
/// @param certificates for an engine at `tcp://`
/// @param registries credentials of image registries
/// @param helperImage an image of ours that works for the platform itself
/// @param warmPool how many agents are started ahead
/// @param fly what is set about Fly; empty where nothing is
/// @param rules what agents may have of the machine they run on
record Containers(
        Optional<String> backend,
        List<AgentRuntime> runtimes,
        Set<String> allowed,
        String engine,
        Optional<Path> certificates,
        Subnets subnets,
        DockerSettings.Network network,
        boolean fence,
        Registries registries,
        String helperImage,
        Spares.Wanted warmPool,
        Optional<FlySettings> fly,
        HostRules rules) {

    Containers {
        runtimes = List.copyOf(runtimes);
        allowed = Set.copyOf(allowed);
    }

    /// The docker backend's part of it.
    DockerSettings docker(UUID platform) {
        return new DockerSettings(
                platform, engine, certificates, subnets, network, fence, registries, helperImage, rules);
    }
}
