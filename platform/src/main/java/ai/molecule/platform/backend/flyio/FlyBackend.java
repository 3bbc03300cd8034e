package ai.molecule.platform.backend.flyio;

import ai.molecule.platform.backend.AgentRuntime;
import ai.molecule.platform.backend.Backend;
import ai.molecule.platform.backend.BackendAwayException;
import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.Interior;
import ai.molecule.platform.backend.News;
import ai.molecule.platform.backend.Region;
import ai.molecule.platform.backend.Running;
import ai.molecule.platform.backend.Size;
import ai.molecule.platform.backend.StartOrder;
import ai.molecule.platform.backend.Started;
import ai.molecule.platform.backend.flyio.FlyException.Kind;
import ai.molecule.protocol.WorkspaceId;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Runs agents on Fly Machines: one machine, and perhaps a volume, for each workspace.
///
/// A machine stays through the starts of its workspace's agent: another start is another version of it, and
/// what rested with its memory kept goes on from there. Its name is the workspace's, and names are unique in an
/// app, so that no second one comes to be, whatever answer was lost. Who runs is read from metadata of the
/// machines.
public final class FlyBackend implements Backend {

    private static final Logger LOG = LoggerFactory.getLogger(FlyBackend.class);
    private static final int LOCKS = 1024;
    /// Most of a start is waiting for Fly, whose rate limits are kept call by call.
    private static final int STARTS_AT_ONCE = 64;

    private static final int SUSPENDED_MEMORY_MAX = 2048;
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(40);

    private final Fly fly;
    private final FlySettings settings;
    private final FlyRoll roll;
    private final FlyMaker maker;
    private final FlyInterior interior;
    private final FlyWatch watch;
    private boolean begun;
    private final List<Object> locks = Stream.generate(Object::new).limit(LOCKS).toList();

    private FlyBackend(Fly fly, FlySettings settings) {
        this.fly = fly;
        this.settings = settings;
        this.roll = new FlyRoll(fly, settings.platform().toString());
        this.maker = new FlyMaker(fly, settings, roll);
        this.interior = new FlyInterior(fly, roll);
        this.watch = new FlyWatch(this::look);
    }

    /// Opens the line to Fly. Where Fly does not answer, it is tried again later, and starts wait for it.
    ///
    /// @throws BackendException when token or app are not what they should be, in one line
    public static FlyBackend open(FlySettings settings) throws BackendException {
        var backend = new FlyBackend(new Fly(settings), settings);
        try {
            backend.begin();
        } catch (FlyException failed) {
            if (failed.kind() != Kind.AWAY && failed.kind() != Kind.LIMITED) {
                backend.close();
                throw failed.toBackend();
            }
            LOG.warn("{}; agents on Fly wait for it", failed.getMessage());
        } catch (BackendException | RuntimeException failed) {
            backend.close();
            throw failed;
        }
        return backend;
    }

    /// Nothing is done before everything that is there is known.
    private synchronized void begin() throws FlyException, BackendException {
        if (!begun) {
            FlyCheck.check(fly, settings);
            roll.adopt();
            begun = true;
        }
    }

    private void look() throws FlyException, BackendException {
        begin();
        roll.look();
    }

    @Override
    public String name() {
        return "flyio";
    }

    @Override
    public boolean runs(AgentRuntime runtime) {
        return !runtime.image().isEmpty();
    }

    @Override
    public List<Region> regions() {
        try {
            return fly.regions().all();
        } catch (FlyException away) {
            LOG.warn("{}; no region can be offered", away.getMessage());
            return List.of();
        }
    }

    @Override
    public OptionalDouble hourlyPrice(Size size) {
        return OptionalDouble.of(FlyPrice.hourly(size));
    }

    @Override
    public int startsAtOnce() {
        return STARTS_AT_ONCE;
    }

    @Override
    public void onNews(Consumer<News> listener) {
        roll.listen(listener);
        watch.begin();
    }

    @Override
    public Started start(StartOrder order) throws BackendException {
        synchronized (lock(order.workspace())) {
            return ask(() -> maker.make(order));
        }
    }

    @Override
    public void stop(WorkspaceId workspace) throws BackendException {
        synchronized (lock(workspace)) {
            quiet(workspace, machine -> halt(workspace, machine));
        }
    }

    @Override
    public void rest(WorkspaceId workspace) throws BackendException {
        synchronized (lock(workspace)) {
            quiet(workspace, id -> {
                var machine = fly.machine(id);
                if (machine.atRest()) {
                    roll.expect(workspace);
                    return;
                }
                var memory = machine.detail()
                        .path("config")
                        .path("guest")
                        .path("memory_mb")
                        .asInt();
                if (memory == 0 || memory > SUSPENDED_MEMORY_MAX || !suspended(workspace, id)) {
                    halt(workspace, id);
                } else {
                    roll.rests(workspace, machine);
                }
            });
        }
    }

    private boolean suspended(WorkspaceId workspace, String machine) throws FlyException {
        try {
            roll.expect(workspace);
            fly.suspend(machine);
            fly.await(machine, "suspended", "", STOP_PATIENCE);
            roll.expect(workspace);
            return true;
        } catch (FlyException failed) {
            if (failed.kind() != Kind.BUSY && failed.kind() != Kind.NOT_YET && failed.kind() != Kind.INVALID) {
                throw failed;
            }
            LOG.info("{}; it is stopped instead", failed.getMessage());
            return false;
        }
    }

    private void halt(WorkspaceId workspace, String machine) throws FlyException {
        roll.expect(workspace);
        fly.stop(machine);
        fly.await(machine, "stopped", "", STOP_PATIENCE);
        roll.expect(workspace);
    }

    @Override
    public void purge(WorkspaceId workspace, boolean keepData) throws BackendException {
        synchronized (lock(workspace)) {
            ask(() -> {
                roll.expect(workspace);
                var own = known(workspace);
                if (own.isPresent()) {
                    destroy(own.get().id());
                }
                for (var left : roll.machines()) {
                    if (left.workspace(platform()).filter(workspace::equals).isPresent() && !left.gone()) {
                        destroy(left.id());
                    }
                }
                roll.lacks(workspace);
                forget(workspace, keepData);
                return workspace;
            });
        }
    }

    private void destroy(String machine) throws FlyException {
        fly.destroy(machine);
        try {
            fly.await(machine, "destroyed", "", STOP_PATIENCE);
        } catch (FlyException failed) {
            if (failed.kind() != Kind.GONE) {
                throw failed;
            }
        }
    }

    private Optional<FlyMachine> known(WorkspaceId workspace) throws FlyException {
        var id = roll.machine(workspace);
        try {
            return id.isPresent() ? Optional.of(fly.machine(id.get())) : Optional.empty();
        } catch (FlyException failed) {
            if (failed.kind() != Kind.GONE) {
                throw failed;
            }
            return Optional.empty();
        }
    }

    private void forget(WorkspaceId workspace, boolean keepData) throws FlyException {
        var prefix = Recipe.secretPrefix(workspace);
        var ended = new HashMap<String, @Nullable String>();
        fly.secretNames().stream().filter(name -> name.startsWith(prefix)).forEach(name -> ended.put(name, null));
        if (!ended.isEmpty()) {
            fly.setSecrets(ended);
        }
        if (!keepData) {
            for (var volume : fly.volumes()) {
                if (volume.name().equals(Recipe.volume(workspace))) {
                    fly.deleteVolume(volume.id());
                }
            }
        }
    }

    @Override
    public void sweep(Function<WorkspaceId, Claim> claims) throws BackendException {
        for (var machine : ask(roll::machines)) {
            var owner = machine.workspace(platform());
            var claim = owner.map(claims).orElse(Claim.EVERYTHING);
            if (claim != Claim.EVERYTHING && !machine.gone()) {
                LOG.warn("Destroying machine {} of workspace {}, which nobody knows", machine.id(), owner);
                try {
                    purge(owner.orElseThrow(), claim == Claim.DATA);
                } catch (BackendException failed) {
                    LOG.warn("{}; the next sweep tries again", failed.getMessage());
                }
            }
        }
    }

    @Override
    public List<Running> list() throws BackendException {
        return ask(roll::list);
    }

    @Override
    public List<String> logTail(WorkspaceId workspace, int lines) {
        return interior.tail(workspace, lines);
    }

    @Override
    public Interior interior() {
        return interior;
    }

    @Override
    public void close() {
        watch.close();
        fly.close();
    }

    private String platform() {
        return settings.platform().toString();
    }

    @FunctionalInterface
    private interface Question<T> {
        T ask() throws FlyException, BackendException;
    }

    private <T> T ask(Question<T> question) throws BackendException {
        try {
            begin();
            return question.ask();
        } catch (FlyException failed) {
            throw failed.toBackend();
        }
    }

    @FunctionalInterface
    private interface Act {
        void on(String machine) throws FlyException;
    }

    /// Does something to a workspace's machine; one that is not there, or not any more, counts as quiet.
    private void quiet(WorkspaceId workspace, Act act) throws BackendException {
        try {
            begin();
            var machine = roll.machine(workspace);
            if (machine.isPresent()) {
                act.on(machine.get());
            }
        } catch (FlyException failed) {
            if (failed.kind() != Kind.GONE) {
                throw failed.toBackend();
            }
            forgetIfGone(workspace, failed);
        }
    }

    /// That it is gone counts when it is said twice.
    private void forgetIfGone(WorkspaceId workspace, FlyException said) throws BackendException {
        try {
            if (known(workspace).isPresent()) {
                throw new BackendAwayException("Fly contradicts itself: " + said.getMessage(), said);
            }
            roll.lacks(workspace);
        } catch (FlyException failed) {
            throw failed.toBackend();
        }
    }

    /// What changes of a workspace's machine are done under, one after the other.
    private Object lock(WorkspaceId workspace) {
        return locks.get(Math.floorMod(workspace.hashCode(), LOCKS));
    }
}
