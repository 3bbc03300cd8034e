package ai.molecule.platform.backend.docker;

import ai.molecule.platform.backend.HostRules;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;

/// How the docker backend is set up.
///
/// @param platform the platform's own id; what carries another is never touched
/// @param host the engine's address, as in `DOCKER_HOST`: `unix://…` or `tcp://…`
/// @param certificates directory with `ca.pem`, `cert.pem` and `key.pem` for TLS; none for a plain connection
/// @param subnets where the networks of workspaces are cut from
/// @param network own networks, or the host's
/// @param registries credentials of image registries
/// @param helperImage an image of ours with a busybox, which puts the fence up
/// @param rules what agents may have of the engine's machine
/// @param fence true when what workspaces can reach is fenced in
public record DockerSettings(
        UUID platform,
        String host,
        Optional<Path> certificates,
        Subnets subnets,
        Network network,
        boolean fence,
        Registries registries,
        String helperImage,
        HostRules rules) {

    /// The engine on this machine.
    public static final String LOCAL = "unix:///var/run/docker.sock";

    /// How a container is joined to the world.
    public enum Network {
        /// A network of its own, with no way to other workspaces.
        OWN,
        /// The host's network: fast, and no walls at all.
        HOST
    }
}
