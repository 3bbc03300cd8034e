package ai.molecule.platform.backend.flyio;

import ai.molecule.platform.backend.News;
import ai.molecule.platform.backend.Running;
import ai.molecule.platform.backend.flyio.FlyException.Kind;
import ai.molecule.protocol.WorkspaceId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/// Which machines there are and which of them should run, as one shared listing tells it; and what is to be
/// told when one does not. Soft.
///
/// Lists are late by a moment. So what we made ourselves counts until a listing some time later, and a look at
/// the machine itself, say otherwise.
final class FlyRoll {

    /// For how long one listing answers every question; the watch makes another before.
    private static final Duration LISTING_LIFE = Duration.ofMillis(2500);

    private static final Duration LIST_LAG = Duration.ofSeconds(15);

    private final Fly fly;
    private final String platform;
    private final Map<WorkspaceId, String> ids = new ConcurrentHashMap<>();
    private final Map<WorkspaceId, Alive> alive = new ConcurrentHashMap<>();
    private final Map<WorkspaceId, FlyMachine> resting = new ConcurrentHashMap<>();
    private final Map<WorkspaceId, Long> quiet = new ConcurrentHashMap<>();
    private volatile Listing listing = new Listing(List.of(), System.nanoTime() - LISTING_LIFE.toNanos());
    private volatile Consumer<News> heir = news -> {};

    /// What one call listed, and when it was asked.
    private record Listing(List<FlyMachine> machines, long at) {}

    /// An agent that should run.
    ///
    /// @param since when it was started, on the clock of `System.nanoTime`
    /// @param well what was told of its health last
    private record Alive(String machine, long generation, String version, long since, boolean well) {

        Alive with(boolean nowWell) {
            return new Alive(machine, generation, version, since, nowWell);
        }

        boolean listedByNow() {
            return System.nanoTime() - since > LIST_LAG.toNanos();
        }
    }

    FlyRoll(Fly fly, String platform) {
        this.fly = fly;
        this.platform = platform;
    }

    void listen(Consumer<News> listener) {
        heir = listener;
    }

    void tell(News news) {
        heir.accept(news);
    }

    /// Takes over what runs already.
    void adopt() throws FlyException {
        for (var machine : fly.machines(platform)) {
            machine.workspace(platform).ifPresent(workspace -> {
                if (!machine.gone()) {
                    ids.put(workspace, machine.id());
                }
                if (machine.started()) {
                    runs(workspace, machine);
                }
            });
        }
    }

    /// The machine of a workspace, whatever it does.
    Optional<String> machine(WorkspaceId workspace) {
        return Optional.ofNullable(ids.get(workspace));
    }

    /// There is a machine for a workspace.
    void has(WorkspaceId workspace, String machine) {
        ids.put(workspace, machine);
    }

    /// There is none any more.
    void lacks(WorkspaceId workspace) {
        expect(workspace);
        resting.remove(workspace);
        ids.remove(workspace);
    }

    /// It runs, and its end would be news.
    void runs(WorkspaceId workspace, FlyMachine machine) {
        ids.put(workspace, machine.id());
        resting.remove(workspace);
        alive.put(workspace, new Alive(machine.id(), machine.generation(), machine.version(), System.nanoTime(), true));
    }

    /// It was put to rest, as it was.
    void rests(WorkspaceId workspace, FlyMachine machine) {
        resting.put(workspace, machine.resting());
    }

    /// The machine that was put to rest, told once; whoever starts it need not ask what it is.
    Optional<FlyMachine> rested(WorkspaceId workspace) {
        return Optional.ofNullable(resting.remove(workspace));
    }

    /// It is about to be stopped or changed, or just was; its end is no news, and what was listed before does
    /// not count.
    void expect(WorkspaceId workspace) {
        alive.remove(workspace);
        quiet.put(workspace, System.nanoTime());
    }

    boolean running(WorkspaceId workspace) {
        return alive.containsKey(workspace);
    }

    /// Every machine of ours, as it was listed just now.
    List<FlyMachine> machines() throws FlyException {
        var last = listing;
        return System.nanoTime() - last.at() < LISTING_LIFE.toNanos() ? last.machines() : look();
    }

    /// What runs: what we started, and what else Fly lists in our name.
    List<Running> list() throws FlyException {
        var machines = machines();
        var running = new HashMap<WorkspaceId, Running>();
        alive.forEach((workspace, one) ->
                running.put(workspace, new Running(workspace, one.generation(), one.machine() + "@" + one.version())));
        for (var machine : machines) {
            machine.workspace(platform)
                    .filter(workspace -> machine.started() && !running.containsKey(workspace) && !quieted(workspace))
                    .ifPresent(workspace ->
                            running.put(workspace, new Running(workspace, machine.generation(), machine.handle())));
        }
        return new ArrayList<>(running.values());
    }

    /// True when it was stopped so late that lists may not show it yet.
    private boolean quieted(WorkspaceId workspace) {
        return quiet.containsKey(workspace);
    }

    /// Lists all machines once, and tells what is new.
    List<FlyMachine> look() throws FlyException {
        var before = Map.copyOf(alive);
        var began = System.nanoTime();
        var machines = fly.machines(platform);
        listing = new Listing(machines, began);
        quiet.values().removeIf(since -> began - since > LIST_LAG.toNanos());
        var byId = new HashMap<String, FlyMachine>();
        for (var machine : machines) {
            byId.put(machine.id(), machine);
            if (!machine.gone()) {
                machine.workspace(platform).ifPresent(workspace -> ids.putIfAbsent(workspace, machine.id()));
            }
        }
        for (var one : before.entrySet()) {
            examine(
                    one.getKey(),
                    one.getValue(),
                    Optional.ofNullable(byId.get(one.getValue().machine())));
        }
        return machines;
    }

    private void examine(WorkspaceId workspace, Alive one, Optional<FlyMachine> listed) throws FlyException {
        if (listed.isEmpty()) {
            if (one.listedByNow() && isGone(one.machine())) {
                ids.remove(workspace, one.machine());
                dead(workspace, one, "Fly's machine " + one.machine() + " is gone: somebody destroyed it");
            }
            return;
        }
        var machine = listed.get();
        if (!machine.version().equals(one.version()) || machine.onTheWay()) {
            return;
        }
        if (!machine.started() && machine.hostAnswers()) {
            examineItself(workspace, one);
            return;
        }
        var wrong = machine.hostAnswers()
                ? machine.failing()
                : Optional.of("the host of Fly's machine " + machine.id() + " does not answer");
        var well = wrong.isEmpty() && (one.well() || machine.passing());
        if (well != one.well() && alive.replace(workspace, one, one.with(well))) {
            heir.accept(new News.Health(workspace, one.generation(), well, wrong.orElse("")));
        }
    }

    /// Lists are late: before somebody is declared dead, the machine itself is looked at.
    private void examineItself(WorkspaceId workspace, Alive one) throws FlyException {
        try {
            var machine = fly.machine(one.machine());
            if (machine.version().equals(one.version()) && machine.atRest()) {
                var how = machine.suspended() ? "somebody suspended Fly's machine " + machine.id() : machine.ending();
                dead(workspace, one, how);
            }
        } catch (FlyException failed) {
            if (failed.kind() != Kind.GONE) {
                throw failed;
            }
            ids.remove(workspace, one.machine());
            dead(workspace, one, "Fly's machine " + one.machine() + " is gone: somebody destroyed it");
        }
    }

    private boolean isGone(String machine) throws FlyException {
        try {
            return fly.machine(machine).gone();
        } catch (FlyException failed) {
            if (failed.kind() == Kind.GONE) {
                return true;
            }
            throw failed;
        }
    }

    private void dead(WorkspaceId workspace, Alive one, String how) {
        if (alive.remove(workspace, one)) {
            heir.accept(new News.Death(workspace, one.generation(), how));
        }
    }
}
