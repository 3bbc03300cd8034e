package ai.molecule.platform.backend.docker;

import ai.molecule.platform.backend.HostAccess;
import ai.molecule.platform.backend.Size;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.HostConfig;
import com.github.dockerjava.api.model.Info;
import com.github.dockerjava.api.model.LogConfig;
import com.github.dockerjava.api.model.Mount;
import com.github.dockerjava.api.model.RestartPolicy;
import com.github.dockerjava.api.model.Ulimit;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// What every container gets, and no more, unless it is privileged: no capability, no new privileges, a
/// read-only root, limits, and the engine's own seccomp profile.
final class Hardening {

    /// Who agents are inside a container: nobody that the host knows.
    private static final String USER = "10001:10001";

    private static final String ROOT = "0:0";

    private static final long MEBIBYTE = 1024 * 1024;
    private static final long NANOS = 1_000_000_000;
    private static final long OPEN_FILES_MAX = 4096;
    private static final long PIDS_PER_256_MEGABYTES = 256;
    private static final long PIDS_MAX = 2048;
    private static final int KILL_FIRST = 500;
    private static final String SCRATCH = "rw,noexec,nosuid,nodev,size=64m,mode=1777";
    private static final Map<String, String> LOG_BOUNDS = Map.of("max-size", "2m", "max-file", "2");

    private final double hostCpus;
    private final long hostMemory;

    /// Limits that this engine's machine can keep.
    Hardening(Info info) {
        this.hostCpus = Objects.requireNonNullElse(info.getNCPU(), Integer.MAX_VALUE);
        this.hostMemory = Objects.requireNonNullElse(info.getMemTotal(), Long.MAX_VALUE);
    }

    /// What a size comes to here, said for people where it is less; empty where all of it can be had.
    String clamped(Size size) {
        var less = cpus(size) < size.cpus() || memory(size) < size.memoryMegabytes() * MEBIBYTE;
        return less
                ? "its engine has " + (int) hostCpus + " processors and " + hostMemory / MEBIBYTE
                        + " MiB, less than the tier's " + size.cpus() + " and " + size.memoryMegabytes() + " MiB"
                : "";
    }

    /// Who an agent is in its container.
    static String user(HostAccess host) {
        return host.privileged() ? ROOT : USER;
    }

    /// The settings of a container. One that is privileged keeps its limits and loses its walls.
    HostConfig config(Size size, HostAccess host, String network, List<Mount> volumes) {
        var config = limited(size, network, volumes);
        return host.privileged()
                ? config.withPrivileged(true)
                : config.withCapDrop(Capability.ALL)
                        .withSecurityOpts(List.of("no-new-privileges:true"))
                        .withReadonlyRootfs(true);
    }

    private HostConfig limited(Size size, String network, List<Mount> volumes) {
        return HostConfig.newHostConfig()
                .withNetworkMode(network)
                .withMounts(volumes)
                .withTmpFs(Map.of("/tmp", SCRATCH))
                .withMemory(memory(size))
                .withMemorySwap(memory(size))
                .withNanoCPUs((long) (cpus(size) * NANOS))
                .withPidsLimit(Math.min(PIDS_MAX, PIDS_PER_256_MEGABYTES * size.memoryMegabytes() / 256))
                .withUlimits(List.of(new Ulimit("nofile", OPEN_FILES_MAX, OPEN_FILES_MAX), new Ulimit("core", 0L, 0L)))
                .withIpcMode("private")
                .withInit(true)
                .withOomScoreAdj(KILL_FIRST)
                .withLogConfig(new LogConfig(LogConfig.LoggingType.JSON_FILE, LOG_BOUNDS))
                .withRestartPolicy(RestartPolicy.noRestart());
    }

    private double cpus(Size size) {
        return Math.min(size.cpus(), hostCpus);
    }

    private long memory(Size size) {
        return Math.min(size.memoryMegabytes() * MEBIBYTE, hostMemory);
    }
}
