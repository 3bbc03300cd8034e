package ai.molecule.platform.backend.docker;

import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.BackendRefusedException;
import ai.molecule.protocol.WorkspaceId;
import com.github.dockerjava.api.model.Network;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A network for every workspace, with addresses that we choose: the engine's own pools end at the 31st.
///
/// The names of the bridges begin alike, so that one set of rules fences all of them (see [Fence]). The house
/// has a network too, without containers: its gateway is where a platform that runs on the host listens for
/// agents.
final class Networks {

    private static final Logger LOG = LoggerFactory.getLogger(Networks.class);
    private static final String BRIDGE_NAME = "com.docker.network.bridge.name";
    private static final String HOUSE = "house";
    private static final int TRIES_MAX = 64;

    private final Engine engine;
    private final Labels labels;
    private final Subnets subnets;
    private final Set<Integer> refused = new HashSet<>();
    private @Nullable Own house;

    Networks(Engine engine, Labels labels, Subnets subnets) {
        this.engine = engine;
        this.labels = labels;
        this.subnets = subnets;
    }

    /// One workspace's network, or the house's.
    ///
    /// @param range what its block was cut from
    /// @param index the block that its addresses are in
    record Own(String name, Subnets range, int index) {

        /// The engine's own address in it.
        String gateway() {
            return range.gateway(index);
        }

        /// The agent's address in it.
        String agent() {
            return range.agent(index);
        }

        /// The platform's address in it, where it runs in a container itself.
        String platform() {
            return range.platform(index);
        }
    }

    /// A network's name. The engine takes the first network by name as a container's way out, and moves
    /// published ports there: so ours sort last, and a platform in a container that joins them keeps its own.
    static String name(WorkspaceId workspace) {
        return "zz-" + Labels.name(workspace, "net");
    }

    /// How the bridges of this platform begin.
    String bridgePrefix() {
        return "m" + labels.brief() + "-";
    }

    /// The workspace's network, made where it is missing.
    Own ensure(WorkspaceId workspace) throws BackendException {
        return ensure(name(workspace), labels.of(workspace, "network"));
    }

    /// The address at which the host is reached from every one of our networks. Whoever tidies up may have
    /// removed the network, in which nobody is: it is made again, with the same address.
    synchronized String house() throws BackendException {
        var before = house;
        if (before == null) {
            house = ensure(houseName(), labels.house(HOUSE));
            return house.gateway();
        }
        if (find(houseName()).isEmpty() && !create(houseName(), labels.house(HOUSE), before.range(), before.index())) {
            throw new BackendException(
                    "Expected the platform's own network at " + before.range().block(before.index())
                            + ", but it was removed, and somebody else has these addresses now; restart the platform");
        }
        return before.gateway();
    }

    /// The networks of workspaces.
    List<Network> all() throws BackendException {
        return engine
                .ask(
                        "list our networks",
                        () -> engine.client().listNetworksCmd().exec())
                .stream()
                .filter(network ->
                        ours(network) && Labels.workspace(network.getLabels()).isPresent())
                .toList();
    }

    /// The networks of workspaces, as they are known by name and block.
    List<Own> ofWorkspaces() throws BackendException {
        return all().stream().flatMap(network -> own(network).stream()).toList();
    }

    void remove(WorkspaceId workspace) throws BackendException {
        remove(name(workspace));
    }

    /// Removes the house's network, when nothing else is left.
    void removeHouse() throws BackendException {
        remove(houseName());
    }

    private String houseName() {
        return "molecule-" + labels.brief() + "-" + HOUSE;
    }

    private void remove(String name) throws BackendException {
        engine.ensure(
                "remove network " + name,
                () -> engine.client().removeNetworkCmd(name).exec());
    }

    private Own ensure(String name, Map<String, String> marks) throws BackendException {
        var found = find(name);
        return found.isPresent() ? found.get() : make(name, marks);
    }

    private Optional<Own> find(String name) throws BackendException {
        try {
            var network = engine.ask(
                    "find network " + name,
                    () -> engine.client()
                            .inspectNetworkCmd()
                            .withNetworkId(name)
                            .exec());
            return ours(network) ? own(network) : Optional.empty();
        } catch (BackendRefusedException none) {
            return Optional.empty();
        }
    }

    private synchronized Own make(String name, Map<String, String> marks) throws BackendException {
        var every = engine.ask(
                "list networks", () -> engine.client().listNetworksCmd().exec());
        var taken = new HashSet<>(refused);
        for (var network : every) {
            block(network).flatMap(subnets::indexOf).ifPresent(taken::add);
            if (network.getName().equals(name) && ours(network) && own(network).isPresent()) {
                return own(network).get();
            }
        }
        // Platforms that share an engine begin at different places, so that they seldom meet.
        var start = Math.floorMod(labels.platform().hashCode(), subnets.count());
        var tries = 0;
        for (int i = 0; i < subnets.count() && tries < TRIES_MAX; i++) {
            var index = (start + i) % subnets.count();
            if (!taken.contains(index)) {
                tries++;
                if (create(name, marks, subnets, index)) {
                    return new Own(name, subnets, index);
                }
                refused.add(index);
            }
        }
        throw new BackendException("Expected a free block of eight addresses in DOCKER_SUBNETS, but none of "
                + subnets.count() + " was to be had; name another range");
    }

    /// False when somebody else has these addresses.
    private boolean create(String name, Map<String, String> marks, Subnets range, int index) throws BackendException {
        var ipam = new Network.Ipam()
                .withConfig(
                        new Network.Ipam.Config().withSubnet(range.block(index)).withGateway(range.gateway(index)));
        try {
            engine.ask(
                    "create network " + name,
                    () -> engine.client()
                            .createNetworkCmd()
                            .withName(name)
                            .withDriver("bridge")
                            .withCheckDuplicate(true)
                            .withLabels(marks)
                            .withOptions(Map.of(BRIDGE_NAME, bridgePrefix() + index))
                            .withIpam(ipam)
                            .exec());
            return true;
        } catch (BackendRefusedException said) {
            if (String.valueOf(said.getMessage()).matches("(?s).*(overlap|already in use|conflicts with network).*")) {
                LOG.info("Passing over {}: {}", range.block(index), said.getMessage());
                return false;
            }
            throw said;
        }
    }

    private boolean ours(Network network) {
        return network.getLabels() != null
                && labels.platform().toString().equals(network.getLabels().get(Labels.PLATFORM));
    }

    /// A network of ours with its addresses; those of a range that was set before are as good.
    private Optional<Own> own(Network network) {
        return block(network)
                .flatMap(block -> subnets.indexOf(block)
                        .map(index -> new Own(network.getName(), subnets, index))
                        .or(() -> Subnets.ofBlock(block).map(range -> new Own(network.getName(), range, 0))));
    }

    private static Optional<String> block(Network network) {
        var ipam = network.getIpam();
        return ipam == null || ipam.getConfig() == null || ipam.getConfig().isEmpty()
                ? Optional.empty()
                : Optional.ofNullable(ipam.getConfig().getFirst().getSubnet());
    }
}
