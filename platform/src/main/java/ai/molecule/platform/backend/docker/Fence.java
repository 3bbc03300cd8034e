package ai.molecule.platform.backend.docker;

import ai.molecule.platform.backend.BackendException;
import com.github.dockerjava.api.model.Capability;
import com.github.dockerjava.api.model.HostConfig;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What workspaces cannot reach: the cloud's metadata and everything else that is link-local, and the host, but
/// for the platform's ports. Other workspaces are out of reach already, because networks are isolated from each
/// other.
///
/// The engine has no such option, so the rules are put where its own are: a helper container enters the
/// engine's network and calls the engine's own `iptables`, in the chain `DOCKER-USER` that is left to its users
/// (<https://docs.docker.com/engine/network/packet-filtering-firewalls/>) and in `INPUT`. They match the
/// bridges of this platform by their names' beginning, whole sets are exchanged at once, and doing it twice
/// changes nothing.
final class Fence {

    private static final Logger LOG = LoggerFactory.getLogger(Fence.class);
    private static final long HELP_SECONDS = 20;
    private static final String HELPER = "fence";
    private static final String PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private final Engine engine;
    private final Labels labels;
    private final String bridges;
    private final String chain;
    private final Images images;
    private final String image;
    private final Set<Integer> open = new HashSet<>();
    private boolean up;

    /// A fence around all bridges with one beginning of their names.
    ///
    /// @param image what the helper is made of, with a busybox at `/usr/bin/busybox`; ours, never a workspace's
    /// own
    Fence(Engine engine, Labels labels, String bridgePrefix, Images images, String image) {
        this.images = images;
        this.image = image;
        this.engine = engine;
        this.labels = labels;
        this.bridges = bridgePrefix + "+";
        this.chain = "MOLECULE-" + labels.brief();
    }

    /// Puts the fence up; does nothing where that is done.
    ///
    /// @param port one more of the host's ports that workspaces reach; empty for none
    /// @throws BackendException when it cannot be put up
    synchronized void ensure(Optional<Integer> port) throws BackendException {
        if (up && port.stream().allMatch(open::contains)) {
            return;
        }
        var ports = new TreeSet<>(open);
        port.ifPresent(ports::add);
        put(ports);
        open.addAll(ports);
        up = true;
        LOG.info(
                "Workspaces are fenced in: of this host they reach {}",
                ports.isEmpty() ? "nothing" : "port " + ports + " only");
    }

    private void put(Set<Integer> ports) throws BackendException {
        var said = help(script(ports));
        if (!said.endsWith("done")) {
            throw new BackendException(
                    "Expected to fence workspaces in, but the engine's iptables said: " + said.strip()
                            + "; WORKSPACE_FENCE=off runs workspaces without, so that they reach this host and its cloud's metadata");
        }
    }

    /// Takes the fence down; for when nothing is behind it any more.
    synchronized void remove() throws BackendException {
        open.clear();
        up = false;
        help(inEngines("""
                enter iptables -w 10 -D DOCKER-USER -i %s -j %s-OUT
                enter iptables -w 10 -D INPUT -i %s -j %s-IN
                for chain in %s-OUT %s-IN; do
                  enter iptables -w 10 -F $chain
                  enter iptables -w 10 -X $chain
                done
                """.formatted(bridges, chain, bridges, chain, chain, chain)));
    }

    /// The engine was away, and its rules may be gone: puts up again what was up.
    synchronized void renew() throws BackendException {
        if (up) {
            put(open);
        }
    }

    /// Removes helpers that a platform left which was killed meanwhile; none of this one is at work now.
    synchronized void sweep() throws BackendException {
        var helpers = engine.ask(
                "list helpers",
                () -> engine.client()
                        .listContainersCmd()
                        .withShowAll(true)
                        .withLabelFilter(labels.house(HELPER))
                        .exec());
        for (var helper : helpers) {
            remove(helper.getId());
        }
    }

    private String script(Set<Integer> ports) {
        var rules = new StringBuilder();
        rules.append("*filter\n:")
                .append(chain)
                .append("-OUT - [0:0]\n:")
                .append(chain)
                .append("-IN - [0:0]\n");
        for (var protocol : List.of("udp", "tcp")) {
            // Some clouds have their resolver at a link-local address.
            rules.append("-A ")
                    .append(chain)
                    .append("-OUT -d 169.254.0.0/16 -p ")
                    .append(protocol)
                    .append(" --dport 53 -j RETURN\n");
        }
        rules.append("-A ").append(chain).append("-OUT -d 169.254.0.0/16 -j REJECT\n");
        rules.append("-A ").append(chain).append("-IN -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n");
        for (var port : ports) {
            rules.append("-A ")
                    .append(chain)
                    .append("-IN -p tcp --dport ")
                    .append(port)
                    .append(" -j ACCEPT\n");
        }
        rules.append("-A ").append(chain).append("-IN -j REJECT\nCOMMIT\n");
        return inEngines("""
                printf '%%s' '%s' | enter iptables-restore -w 10 -n
                enter iptables -w 10 -C DOCKER-USER -i %s -j %s-OUT 2>/dev/null || enter iptables -w 10 -I DOCKER-USER -i %s -j %s-OUT
                enter iptables -w 10 -C INPUT -i %s -j %s-IN 2>/dev/null || enter iptables -w 10 -I INPUT -i %s -j %s-IN
                """.formatted(rules, bridges, chain, bridges, chain, bridges, chain, bridges, chain));
    }

    /// A script that does something in the network of every engine that is seen, and says so at the end.
    private static String inEngines(String body) {
        return """
                set -e
                found=0
                ours="$(readlink /proc/self/ns/user)"
                for engine in $(pidof dockerd || true); do
                  # The engine's short-lived helpers are the same program under other names.
                  name="$(tr '\\0' '\\n' < "/proc/$engine/cmdline" 2>/dev/null | head -n 1)"
                  [ "${name##*/}" = dockerd ] || continue
                  # Whoever only calls himself so, in a container or a user namespace, has not the rights of an engine.
                  grep -q '^Uid:[[:space:]]*0[[:space:]]*0' "/proc/$engine/status" 2>/dev/null || continue
                  [ "$(readlink "/proc/$engine/ns/user")" = "$ours" ] || continue
                  rights="$(sed -n 's/^CapEff:[[:space:]]*//p' "/proc/$engine/status")"
                  [ $(( 0x$rights >> 21 & 1 )) = 1 ] || continue
                  enter() { nsenter -t "$engine" -m -n -- "$@"; }
                  enter iptables -w 10 -n -L DOCKER-USER >/dev/null 2>&1 || continue
                  found=1
                """ + body + """
                done
                [ "$found" = 1 ] || { echo "no dockerd with a chain DOCKER-USER is seen from a container with the host's processes"; exit 3; }
                echo done
                """;
    }

    /// Runs a script that may enter the engine, and tells what it said.
    private String help(String script) throws BackendException {
        images.ensure(image, step -> LOG.info("{} for the fence", step));
        var config = HostConfig.newHostConfig()
                .withPidMode("host")
                .withNetworkMode("none")
                .withCapDrop(Capability.ALL)
                // What entering another process's namespaces and changing its tables of packet filters takes.
                .withCapAdd(
                        Capability.SYS_ADMIN,
                        Capability.SYS_PTRACE,
                        Capability.SYS_CHROOT,
                        Capability.NET_ADMIN,
                        Capability.NET_RAW,
                        Capability.DAC_OVERRIDE)
                .withSecurityOpts(List.of("seccomp=unconfined", "apparmor=unconfined"))
                .withReadonlyRootfs(true);
        var helper = engine.ask(
                "create the container that puts the fence up",
                () -> engine.client()
                        .createContainerCmd(image)
                        .withLabels(labels.house(HELPER))
                        .withUser("0:0")
                        .withEnv(PATH)
                        .withEntrypoint("/usr/bin/busybox", "sh", "-c", script)
                        .withHostConfig(config)
                        .exec());
        try {
            engine.ask(
                    "start the container that puts the fence up",
                    () -> engine.client().startContainerCmd(helper.getId()).exec());
            engine.ask(
                    "put the fence up",
                    () -> engine.client()
                            .waitContainerCmd(helper.getId())
                            .start()
                            .awaitStatusCode(HELP_SECONDS, TimeUnit.SECONDS));
            return String.join("\n", new Logs(engine).tail(helper.getId(), 20)).strip();
        } finally {
            remove(helper.getId());
        }
    }

    private void remove(String helper) throws BackendException {
        engine.ensure(
                "remove the container that put the fence up",
                () -> engine.client().removeContainerCmd(helper).withForce(true).exec());
    }
}
