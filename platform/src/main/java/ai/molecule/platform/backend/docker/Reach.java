package ai.molecule.platform.backend.docker;

import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.BackendRefusedException;
import ai.molecule.protocol.WorkspaceId;
import com.github.dockerjava.api.command.InspectContainerResponse;
import com.github.dockerjava.api.model.ContainerNetwork;
import java.io.IOException;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.SocketException;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// How the platform and its agents reach each other; it depends on where the platform runs.
sealed interface Reach {

    /// How an agent will be found.
    ///
    /// @param network what the container joins
    /// @param address its address in there; empty where it has none of its own
    /// @param host where it listens
    /// @param port the port it listens on
    /// @param url how the platform calls it
    /// @param platform the platform's address in there
    record Spot(String network, Optional<String> address, String host, int port, URI url, String platform) {}

    /// A place for an agent.
    ///
    /// @param port where it listens when it may choose
    Spot spot(WorkspaceId workspace, int port) throws BackendException;

    /// Another address on which the platform must listen for its agents.
    Optional<String> listenAt();

    /// How an agent reaches the platform, where the operator named no address that everybody reaches.
    URI platform(Spot spot, int port);

    /// True when nothing but the platform's port is open to agents on this machine, so that a fence is needed.
    boolean fenced();

    /// The platform begins, and may be another than the one that agents were started by.
    default void arrive() throws BackendException {}

    /// Makes sure that the platform sees what the engine would mount.
    ///
    /// @throws BackendException when it looks at other directories of the same names
    default void check(List<Path> roots) throws BackendException {}

    /// Mends what others may have undone; now and then.
    default void lookAfter() throws BackendException {}

    /// The workspace's network is about to go.
    default void leave(WorkspaceId workspace) throws BackendException {}

    /// Finds out which it is.
    static Reach of(Engine engine, Networks networks, DockerSettings settings) throws BackendException {
        if (settings.network() == DockerSettings.Network.HOST) {
            return new OnHostNetwork();
        }
        var own = Joined.ownContainer(engine);
        if (own.isPresent()) {
            return new Joined(engine, networks, own.get());
        }
        var house = networks.house();
        if (!Beside.isHere(house)) {
            throw new BackendException(
                    "Expected the engine on this machine, or the platform in one of its containers, but "
                            + house
                            + ", which the engine just made, is no address here. For an engine elsewhere run the platform there,"
                            + " in a container; see docs/docker.md");
        }
        return new Beside(networks, house);
    }

    /// The platform runs on the engine's machine: it calls agents at their own addresses, and they reach it at
    /// the gateway of a network of ours, where it listens for them.
    record Beside(Networks networks, String house) implements Reach {

        @Override
        public Spot spot(WorkspaceId workspace, int port) throws BackendException {
            var own = networks.ensure(workspace);
            return own(own, port);
        }

        @Override
        public void lookAfter() throws BackendException {
            networks.house();
        }

        @Override
        public Optional<String> listenAt() {
            return Optional.of(house);
        }

        @Override
        public URI platform(Spot spot, int port) {
            return http(house, port);
        }

        @Override
        public boolean fenced() {
            return true;
        }

        static boolean isHere(String address) {
            try {
                return NetworkInterface.getByInetAddress(InetAddress.getByName(address)) != null;
            } catch (SocketException | UnknownHostException unknown) {
                return false;
            }
        }
    }

    /// The platform runs in a container of the same engine: it joins every workspace's network, and agents
    /// reach it there.
    record Joined(Engine engine, Networks networks, String container) implements Reach {

        private static final Logger LOG = LoggerFactory.getLogger(Joined.class);

        /// The container that this process runs in, if the engine knows it: containers are named like their
        /// host.
        static Optional<String> ownContainer(Engine engine) {
            try {
                var name = InetAddress.getLocalHost().getHostName();
                var found = engine.ask(
                        "find our own container",
                        () -> engine.client().inspectContainerCmd(name).exec());
                return name.equals(found.getConfig().getHostName()) ? Optional.of(found.getId()) : Optional.empty();
            } catch (UnknownHostException | BackendException none) {
                return Optional.empty();
            }
        }

        @Override
        public Spot spot(WorkspaceId workspace, int port) throws BackendException {
            var own = networks.ensure(workspace);
            join(own);
            return own(own, port);
        }

        @Override
        public void arrive() throws BackendException {
            for (var own : networks.ofWorkspaces()) {
                join(own);
            }
        }

        @Override
        public void check(List<Path> roots) throws BackendException {
            var mounts = engine.ask(
                            "look at our own container",
                            () -> engine.client().inspectContainerCmd(container).exec())
                    .getMounts();
            for (var root : roots) {
                if (mounts == null || mounts.stream().noneMatch(one -> shows(one, root))) {
                    throw new BackendException(
                            "Expected " + root + " of WORKSPACE_ROOTS in the platform's container at the"
                                    + " same path as on the engine's machine, but it is not mounted so: -v " + root
                                    + ":" + root);
                }
            }
        }

        private static boolean shows(InspectContainerResponse.Mount mount, Path root) {
            var source = mount.getSource();
            var seenAt = mount.getDestination();
            return source != null && seenAt != null && source.equals(seenAt.getPath()) && root.startsWith(source);
        }

        private void join(Networks.Own own) throws BackendException {
            try {
                engine.ask(
                        "join network " + own.name(),
                        () -> engine.client()
                                .connectToNetworkCmd()
                                .withNetworkId(own.name())
                                .withContainerId(container)
                                .withContainerNetwork(new ContainerNetwork()
                                        .withIpamConfig(new ContainerNetwork.Ipam().withIpv4Address(own.platform())))
                                .exec());
            } catch (BackendRefusedException said) {
                if (!String.valueOf(said.getMessage()).contains("already exists")) {
                    throw said;
                }
                LOG.debug("Network {} was joined before", own.name());
            }
        }

        @Override
        public void leave(WorkspaceId workspace) throws BackendException {
            var name = Networks.name(workspace);
            try {
                engine.ensure(
                        "leave network " + name,
                        () -> engine.client()
                                .disconnectFromNetworkCmd()
                                .withNetworkId(name)
                                .withContainerId(container)
                                .withForce(true)
                                .exec());
            } catch (BackendRefusedException said) {
                if (!String.valueOf(said.getMessage()).contains("not connected to")) {
                    throw said;
                }
                LOG.debug("Network {} was never joined, or left before", name);
            }
        }

        @Override
        public Optional<String> listenAt() {
            return Optional.empty();
        }

        @Override
        public URI platform(Spot spot, int port) {
            return http(spot.platform(), port);
        }

        @Override
        public boolean fenced() {
            return true;
        }
    }

    /// Agents share the network of the engine's machine, without any walls.
    record OnHostNetwork() implements Reach {

        @Override
        public Spot spot(WorkspaceId workspace, int port) throws BackendException {
            var free = freePort();
            return new Spot("host", Optional.empty(), "127.0.0.1", free, http("127.0.0.1", free), "127.0.0.1");
        }

        @Override
        public Optional<String> listenAt() {
            return Optional.empty();
        }

        @Override
        public URI platform(Spot spot, int port) {
            return http("127.0.0.1", port);
        }

        @Override
        public boolean fenced() {
            return false;
        }

        private static int freePort() throws BackendException {
            try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (IOException none) {
                throw new BackendException("Expected a free port, but: " + none.getMessage(), none);
            }
        }
    }

    private static Spot own(Networks.Own own, int port) {
        var address = own.agent();
        return new Spot(own.name(), Optional.of(address), "0.0.0.0", port, http(address, port), own.platform());
    }

    private static URI http(String host, int port) {
        return URI.create("http://" + host + ":" + port + "/");
    }
}
