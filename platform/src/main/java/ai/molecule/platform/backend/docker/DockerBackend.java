package ai.molecule.platform.backend.docker;

import ai.molecule.platform.backend.AgentRuntime;
import ai.molecule.platform.backend.Backend;
import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.BackendRefusedException;
import ai.molecule.platform.backend.Interior;
import ai.molecule.platform.backend.News;
import ai.molecule.platform.backend.Running;
import ai.molecule.platform.backend.StartOrder;
import ai.molecule.platform.backend.Started;
import ai.molecule.protocol.WorkspaceId;
import com.github.dockerjava.api.model.Container;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs agents in containers, each with a network and two volumes of its own.
///
/// A start makes a new container; a stop leaves it there, stopped, so that its log can be read, until the next
/// start or the end of the workspace. Containers outlive the platform: who opens the backend finds them again
/// by their labels. Deaths and health come as the engine's events; whenever events may have been missed, all
/// containers are looked at.
public final class DockerBackend implements Backend {

    private static final Logger LOG = LoggerFactory.getLogger(DockerBackend.class);
    private static final int LOCKS = 1024;

    private final Engine engine;
    private final DockerSettings settings;
    private final Containers containers;
    private final Networks networks;
    private final Shelf shelf;
    private final Reach reach;
    private final Fence fence;
    private final Maker maker;
    private final Logs logs;
    private final Tidings tidings;
    private final ContainerInterior interior;
    private final List<Object> locks = Stream.generate(Object::new).limit(LOCKS).toList();
    private final Set<String> told = ConcurrentHashMap.newKeySet();
    private final Labels labels;
    private @Nullable EventWatch watch;

    private DockerBackend(Engine engine, DockerSettings settings) throws BackendException {
        this.labels = new Labels(settings.platform());
        this.engine = engine;
        this.settings = settings;
        this.containers = new Containers(engine, labels);
        this.networks = new Networks(engine, labels, settings.subnets());
        this.shelf = new Shelf(engine, labels);
        this.reach = Reach.of(engine, networks, settings);
        reach.arrive();
        reach.check(settings.rules().roots());
        var images = new Images(engine, settings.registries());
        this.fence = new Fence(engine, labels, networks.bridgePrefix(), images, settings.helperImage());
        this.maker = new Maker(engine, labels, settings, reach, shelf, fence, images);
        this.logs = new Logs(engine);
        this.tidings = new Tidings(containers, logs);
        this.interior = new ContainerInterior(engine, containers, shelf);
        if (!reach.fenced() || !settings.fence()) {
            LOG.warn(
                    "Containers are not fenced in ({}): they reach this machine and its neighbours",
                    reach.fenced() ? "WORKSPACE_FENCE=off" : "WORKSPACE_NETWORK=host");
        }
    }

    /// Opens the line to the engine.
    ///
    /// @throws BackendException when it does not answer, or agents in it could not be reached
    public static DockerBackend open(DockerSettings settings) throws BackendException {
        var engine = Engine.open(settings);
        try {
            return new DockerBackend(engine, settings);
        } catch (BackendException | RuntimeException failed) {
            engine.close();
            throw failed;
        }
    }

    @Override
    public String name() {
        return "docker";
    }

    @Override
    public boolean runs(AgentRuntime runtime) {
        return !runtime.image().isEmpty();
    }

    @Override
    public boolean opensHost() {
        return true;
    }

    @Override
    public synchronized void onNews(Consumer<News> heir) {
        tidings.listen(heir);
        if (watch == null) {
            // Not before somebody listens: what the first look finds must not be lost.
            watch = new EventWatch(engine, labels, this::lookAgain, tidings::heard);
        }
    }

    /// Another address of this machine on which the platform must listen, because agents cannot reach the usual
    /// one.
    public Optional<String> listenAt() {
        return reach.listenAt();
    }

    @Override
    public void fetch(StartOrder order) throws BackendException {
        maker.fetch(order, steps(order));
    }

    private Consumer<String> steps(StartOrder order) {
        return step -> tidings.step(order.workspace(), order.generation(), step);
    }

    @Override
    public Started start(StartOrder order) throws BackendException {
        synchronized (lock(order.workspace())) {
            var steps = steps(order);
            for (var container : containers.of(order.workspace())) {
                var running = running(container, order, steps);
                if (running.isPresent()) {
                    return running.get();
                }
                remove(container.getId());
            }
            return maker.make(order, steps);
        }
    }

    /// What an order asks for, where this container is it, or was made ahead to become it.
    private Optional<Started> running(Container container, StartOrder order, Consumer<String> steps)
            throws BackendException {
        if (Labels.generation(container.getLabels()) != order.generation() || !"running".equals(container.getState())) {
            return Optional.empty();
        }
        if (Labels.ahead(container.getLabels()).isEmpty() || told.contains(container.getId())) {
            return Optional.of(maker.renew(container, order));
        }
        var started = maker.tell(container, order, steps);
        started.ifPresent(one -> told.add(one.handle()));
        return started;
    }

    @Override
    public Optional<String> prepare(StartOrder order) throws BackendException {
        synchronized (lock(order.workspace())) {
            return containers.of(order.workspace()).isEmpty()
                    ? maker.makeAhead(order, step -> LOG.debug("Ahead, {}: {}", order.workspace(), step))
                    : Optional.empty();
        }
    }

    @Override
    public void stop(WorkspaceId workspace) throws BackendException {
        for (var container : containers.of(workspace)) {
            tidings.expect(container.getId());
            containers.stop(container.getId());
        }
    }

    @Override
    public void purge(WorkspaceId workspace, boolean keepData) throws BackendException {
        synchronized (lock(workspace)) {
            for (var container : containers.of(workspace)) {
                remove(container.getId());
            }
            reach.leave(workspace);
            networks.remove(workspace);
            shelf.remove(workspace, keepData);
        }
    }

    /// The platform is open for its agents. Those that are there already were fenced in by another, perhaps
    /// before the machine's packet filter was loaded anew.
    ///
    /// @param platformUrl where they come to, as in a [StartOrder]
    public void serve(URI platformUrl) {
        Thread.ofVirtual()
                .name("docker-fence")
                .start(() -> attempt(() -> {
                    if (!containers.all().isEmpty()) {
                        maker.fence(platformUrl);
                    }
                }));
    }

    @Override
    public void sweep(Function<WorkspaceId, Claim> claims) throws BackendException {
        attempt(reach::lookAfter);
        attempt(fence::sweep);
        var owners = new HashSet<WorkspaceId>();
        containers.all().forEach(one -> Labels.workspace(one.getLabels()).ifPresent(owners::add));
        networks.all().forEach(one -> Labels.workspace(one.getLabels()).ifPresent(owners::add));
        owners.addAll(shelf.owners(Shelf.CONFIGS_PART));
        var data = shelf.owners(Shelf.DATA_PART);
        for (var owner : owners) {
            var claim = claims.apply(owner);
            if (claim != Claim.EVERYTHING) {
                LOG.warn("Removing what is left of workspace {}, which nobody knows", owner);
                purgeIfPossible(owner, claim == Claim.DATA);
            }
        }
        data.removeAll(owners);
        for (var owner : data) {
            if (claims.apply(owner) == Claim.NOTHING) {
                LOG.warn("Removing the data of workspace {}, which nobody knows", owner);
                purgeIfPossible(owner, false);
            }
        }
    }

    /// One that cannot be removed is tried again with the next sweep, and keeps none of the others.
    private void purgeIfPossible(WorkspaceId owner, boolean keepData) throws BackendException {
        try {
            purge(owner, keepData);
        } catch (BackendRefusedException refused) {
            LOG.warn("{}", refused.getMessage());
        }
    }

    /// Removes everything that carries this platform's id from the engine, the fence and the house's network
    /// too.
    public void withdraw() throws BackendException {
        sweep(any -> Claim.NOTHING);
        if (settings.fence() && reach.fenced()) {
            fence.remove();
        }
        networks.removeHouse();
    }

    @Override
    public List<Running> list() throws BackendException {
        var running = new ArrayList<Running>();
        for (var container : containers.all()) {
            var workspace = Labels.workspace(container.getLabels()).orElseThrow();
            if (tidings.seen(container, workspace)) {
                running.add(new Running(workspace, Labels.generation(container.getLabels()), container.getId()));
            }
        }
        return running;
    }

    @Override
    public List<String> logTail(WorkspaceId workspace, int lines) {
        try {
            var newest = containers.of(workspace).stream().findFirst();
            return newest.isPresent() ? logs.tail(newest.get().getId(), lines) : List.of();
        } catch (BackendException away) {
            return List.of("(log not readable: " + away.getMessage() + ")");
        }
    }

    @Override
    public Interior interior() {
        return interior;
    }

    @Override
    public synchronized void close() {
        if (watch != null) {
            watch.close();
        }
        engine.close();
    }

    /// Events may have been missed, and the engine's packet filter may be another.
    private void lookAgain() {
        attempt(this::lookAtAll);
        attempt(fence::renew);
        attempt(reach::lookAfter);
        attempt(this::stopForbidden);
    }

    private void lookAtAll() throws BackendException {
        for (var container : containers.all()) {
            var workspace = Labels.workspace(container.getLabels()).orElseThrow();
            if (tidings.seen(container, workspace)) {
                tidings.check(container, workspace);
            }
        }
    }

    /// What was allowed once may not be any more; its death is news, and its next start says why there is none.
    private void stopForbidden() throws BackendException {
        for (var container : containers.all()) {
            var forbidden = settings.rules().forbidden(Labels.host(container.getLabels()));
            if (forbidden.isPresent() && "running".equals(container.getState())) {
                LOG.warn("Stopping container {}: {}", container.getId(), forbidden.get());
                containers.stop(container.getId());
            }
        }
    }

    @FunctionalInterface
    private interface Repair {
        void mend() throws BackendException;
    }

    /// Mends one thing; where that fails, the others are mended all the same.
    private static void attempt(Repair repair) {
        try {
            repair.mend();
        } catch (BackendException failed) {
            LOG.warn("{}", failed.getMessage());
        }
    }

    /// What starts and removals of a workspace are done under, one after the other.
    private Object lock(WorkspaceId workspace) {
        return locks.get(Math.floorMod(workspace.hashCode(), LOCKS));
    }

    private void remove(String container) throws BackendException {
        tidings.expect(container);
        told.remove(container);
        containers.remove(container);
    }
}
