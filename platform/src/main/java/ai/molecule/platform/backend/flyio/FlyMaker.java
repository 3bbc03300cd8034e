package ai.molecule.platform.backend.flyio;

import ai.molecule.platform.backend.BackendException;
import ai.molecule.platform.backend.BackendRefusedException;
import ai.molecule.platform.backend.News;
import ai.molecule.platform.backend.StartOrder;
import ai.molecule.platform.backend.Started;
import ai.molecule.platform.backend.flyio.FlyException.Kind;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Makes machines out of orders: secrets, region, volume, machine, and waits until it is started.
final class FlyMaker {

    private static final Logger LOG = LoggerFactory.getLogger(FlyMaker.class);
    private static final Duration BOOT_PATIENCE = Duration.ofMinutes(4);
    private static final Duration BOOT_LOOK = Duration.ofSeconds(10);
    private static final Duration WAKE_PATIENCE = Duration.ofSeconds(15);
    private static final Duration LOOK_PAUSE = Duration.ofSeconds(1);
    private static final Duration EXEC_PATIENCE = Duration.ofSeconds(15);
    private static final int CREATES_MAX = 4;

    private final Fly fly;
    private final FlySettings settings;
    private final FlyRoll roll;
    private final Recipe recipe;

    FlyMaker(Fly fly, FlySettings settings, FlyRoll roll) {
        this.fly = fly;
        this.settings = settings;
        this.roll = roll;
        this.recipe = new Recipe(settings);
    }

    /// Carries an order out. Called with the workspace's lock.
    Started make(StartOrder order) throws FlyException, BackendException {
        var found = find(order);
        if (found.isPresent()
                && found.get().started()
                && found.get().generation() == order.generation()
                && found.get().spec().equals(recipe.print(order))) {
            return renew(order, found.get());
        }
        roll.expect(order.workspace());
        if (found.isPresent() && rests(found.get(), order)) {
            var woken = woken(found.get(), order);
            if (woken.isPresent()) {
                return woken.get();
            }
            found = find(order);
        }
        var secrets = keepSecrets(order, found);
        var machine = found.isPresent() ? found.get() : create(order, secrets);
        roll.has(order.workspace(), machine.id());
        if (!fits(machine, order)) {
            machine = bring(machine, order, secrets);
        } else if (machine.atRest()) {
            fly.start(machine.id());
        }
        var booted = booted(machine, order);
        step(order, "registering");
        roll.runs(order.workspace(), booted);
        return started(order, booted, false);
    }

    private void step(StartOrder order, String what) {
        roll.tell(new News.Step(order.workspace(), order.generation(), what));
    }

    private Started started(StartOrder order, FlyMachine machine, boolean resumed) {
        return new Started(
                machine.handle(),
                recipe.url(machine.id(), order.runtime().port()),
                settings.reach().headers(machine.id()),
                machine.region(),
                resumed);
    }

    private boolean fits(FlyMachine machine, StartOrder order) {
        return machine.generation() == order.generation() && machine.spec().equals(recipe.print(order));
    }

    /// True when it can go on from where it rested.
    private boolean rests(FlyMachine machine, StartOrder order) {
        return machine.suspended() && machine.spec().equals(recipe.print(order));
    }

    private Optional<FlyMachine> find(StartOrder order) throws FlyException {
        var rested = roll.rested(order.workspace());
        if (rested.isPresent()) {
            return rested;
        }
        var known = roll.machine(order.workspace());
        if (known.isEmpty()) {
            return Optional.empty();
        }
        try {
            return Optional.of(fly.machine(known.get())).filter(machine -> !machine.gone());
        } catch (FlyException failed) {
            if (failed.kind() != Kind.GONE) {
                throw failed;
            }
            roll.lacks(order.workspace());
            return Optional.empty();
        }
    }

    /// The same order again: the agent there may need the enrolment that is good now, or go on as the one it
    /// was.
    private Started renew(StartOrder order, FlyMachine machine) throws FlyException {
        if (!roll.running(order.workspace())) {
            roll.runs(order.workspace(), machine);
        }
        var written = fly.exec(
                machine.id(),
                List.of(
                        "/bin/sh",
                        "-c",
                        "cat > /configs/.auth_token.new && mv -f /configs/.auth_token.new /configs/.auth_token"),
                order.enrolment(),
                EXEC_PATIENCE);
        if (written.code() != 0) {
            LOG.warn("Machine {} did not take its enrolment: {}", machine.id(), written.errors());
        }
        return started(order, machine, false);
    }

    /// Secrets go before the machine that needs them; those of an earlier start that are not wanted end.
    private long keepSecrets(StartOrder order, Optional<FlyMachine> found) throws FlyException {
        var wanted = new HashMap<String, @Nullable String>();
        found.ifPresent(machine -> {
            for (var given :
                    machine.detail().path("config").path("processes").path(0).path("secrets")) {
                wanted.put(given.path("name").asText(), null);
            }
        });
        wanted.putAll(recipe.secrets(order));
        return wanted.isEmpty() ? 0 : fly.setSecrets(wanted);
    }

    private FlyMachine create(StartOrder order, long secrets) throws FlyException, BackendException {
        var kept = settings.volumeGigabytes() > 0
                ? fly.volumes().stream()
                        .filter(volume -> volume.name().equals(Recipe.volume(order.workspace())))
                        .findFirst()
                : Optional.<Fly.Volume>empty();
        if (kept.isPresent()) {
            step(order, "creating a machine in " + kept.get().region() + ", where its volume is");
            return create(order, kept.get().region(), kept.get().id(), secrets);
        }
        var choice = fly.regions().choose(order.region(), settings.region());
        var full = new ArrayList<String>();
        var last = Optional.<FlyException>empty();
        for (var region : choice.codes()) {
            step(
                    order,
                    "creating a machine in " + region
                            + (full.isEmpty() ? "" : "; no capacity in " + String.join(", ", full))
                            + (choice.note().isEmpty() ? "" : "; " + choice.note()));
            try {
                return create(order, region, secrets);
            } catch (FlyException failed) {
                if (failed.kind() != Kind.REGION_FULL && failed.kind() != Kind.HOST_FULL) {
                    throw failed;
                }
                full.add(region);
                last = Optional.of(failed);
            }
        }
        throw new BackendRefusedException(
                422,
                "no capacity: Fly has no room for " + order.size().memoryMegabytes() + " MB in "
                        + String.join(", ", full) + "; name more regions in \"metadata\": {\"region\": \""
                        + String.join(",", full) + ",…\"}",
                last.orElseThrow());
    }

    private FlyMachine create(StartOrder order, String region, long secrets) throws FlyException {
        if (settings.volumeGigabytes() == 0) {
            return create(order, region, "", secrets);
        }
        var request = Json.object()
                .put("name", Recipe.volume(order.workspace()))
                .put("region", region)
                .put("size_gb", settings.volumeGigabytes())
                .put("encrypted", true);
        request.set("compute", recipe.config(order, "", "").path("guest"));
        var volume = fly.createVolume(request);
        try {
            return create(order, region, volume.id(), secrets);
        } catch (FlyException failed) {
            if (failed.kind() == Kind.REGION_FULL || failed.kind() == Kind.HOST_FULL) {
                fly.deleteVolume(volume.id());
            }
            throw failed;
        }
    }

    /// Makes one machine and no second: where an answer is lost it is looked for, and its name is taken once.
    private FlyMachine create(StartOrder order, String region, String volume, long secrets) throws FlyException {
        var request = Json.object().put("name", Recipe.name(order.workspace())).put("region", region);
        request.set("config", recipe.config(order, "", volume));
        expecting(request, secrets);
        for (var attempt = 1; ; attempt++) {
            try {
                return fly.create(request);
            } catch (FlyException failed) {
                if ((failed.kind() != Kind.AWAY && failed.kind() != Kind.NAME_TAKEN) || attempt == CREATES_MAX) {
                    throw failed;
                }
                LOG.info("{}; looking whether there is one", failed.getMessage());
                var there = made(order, failed);
                if (there.isPresent()) {
                    return there.get();
                }
                LockSupport.parkNanos(LOOK_PAUSE.multipliedBy(attempt).toNanos());
            }
        }
    }

    private static void expecting(ObjectNode request, long secrets) {
        if (secrets > 0) {
            request.put("min_secrets_version", secrets);
        }
    }

    private Optional<FlyMachine> made(StartOrder order, FlyException failed) throws FlyException {
        var named = failed.kind() == Kind.NAME_TAKEN ? failed.machine() : Optional.<String>empty();
        if (named.isPresent()) {
            try {
                var holder = fly.machine(named.get());
                if (holder.workspace(settings.platform().toString()).isEmpty()) {
                    throw new FlyException(
                            Kind.INVALID,
                            409,
                            "",
                            "Fly has a machine " + named.get() + " of the name " + holder.name()
                                    + " that is not this platform's; remove it",
                            failed);
                }
                return Optional.of(holder).filter(machine -> !machine.gone());
            } catch (FlyException gone) {
                if (gone.kind() != Kind.GONE) {
                    throw gone;
                }
                return Optional.empty();
            }
        }
        LockSupport.parkNanos(LOOK_PAUSE.toNanos());
        return fly.machinesOf(order.workspace().toString()).stream()
                .filter(machine ->
                        machine.workspace(settings.platform().toString()).isPresent() && !machine.gone())
                .findFirst();
    }

    /// Has a machine go on from where it rested; empty where it cannot, and must begin anew.
    private Optional<Started> woken(FlyMachine machine, StartOrder order) throws FlyException {
        step(order, "waking machine " + machine.id() + " in " + machine.region());
        try {
            fly.start(machine.id());
            fly.mark(machine.id(), FlyMachine.MARK_GENERATION, String.valueOf(order.generation()));
            fly.await(machine.id(), "started", machine.version(), WAKE_PATIENCE);
        } catch (FlyException failed) {
            return switch (failed.kind()) {
                case HOST_FULL, REGION_FULL, INVALID, GONE, NOT_YET, OVERTAKEN -> {
                    LOG.info("{}; it begins anew", failed.getMessage());
                    yield Optional.empty();
                }
                case AWAY, LIMITED, FORBIDDEN, QUOTA, NAME_TAKEN, LEASED, BUSY -> throw failed;
            };
        }
        step(order, "registering");
        var going = machine.goingOn(order.generation());
        roll.runs(order.workspace(), going);
        return Optional.of(started(order, going, true));
    }

    /// Makes of a machine what is ordered now: another version of itself.
    private FlyMachine bring(FlyMachine machine, StartOrder order, long secrets) throws FlyException, BackendException {
        step(order, "updating machine " + machine.id() + " in " + machine.region());
        var request = Json.object().put("current_version", machine.version());
        request.set(
                "config", recipe.config(order, machine.id(), machine.volume().orElse("")));
        expecting(request, secrets);
        try {
            var updated = fly.update(machine.id(), request);
            if (machine.atRest()) {
                // One that was stopped stays so.
                rest(updated);
                fly.start(machine.id());
            }
            return updated;
        } catch (FlyException failed) {
            return switch (failed.kind()) {
                case HOST_FULL, GONE -> elsewhere(machine, order, secrets, failed);
                case OVERTAKEN, AWAY -> bringAgain(machine, order, failed);
                default -> throw failed;
            };
        }
    }

    private void rest(FlyMachine updated) throws FlyException {
        try {
            fly.await(updated.id(), "stopped", updated.version(), BOOT_LOOK);
        } catch (FlyException failed) {
            if (failed.kind() != Kind.NOT_YET) {
                throw failed;
            }
        }
    }

    /// Whether an update of which nothing was heard happened all the same.
    private FlyMachine bringAgain(FlyMachine before, StartOrder order, FlyException failed) throws FlyException {
        var now = fly.machine(before.id());
        if (now.version().equals(before.version()) || !fits(now, order)) {
            throw failed;
        }
        if (before.atRest()) {
            rest(now);
        }
        if (before.atRest() || now.atRest()) {
            fly.start(now.id());
        }
        return now;
    }

    /// Its host has no room: without anything that lasts there, another machine will do.
    private FlyMachine elsewhere(FlyMachine machine, StartOrder order, long secrets, FlyException why)
            throws FlyException, BackendException {
        if (machine.volume().isPresent()) {
            throw why;
        }
        step(order, "moving to another host: " + why.getMessage());
        fly.destroy(machine.id());
        roll.lacks(order.workspace());
        var other = create(order, secrets);
        roll.has(order.workspace(), other.id());
        return other;
    }

    private FlyMachine booted(FlyMachine machine, StartOrder order) throws FlyException, BackendException {
        var until = System.nanoTime() + BOOT_PATIENCE.toNanos();
        // What was just made may not be seen everywhere yet.
        var visible = System.nanoTime() + BOOT_LOOK.toNanos();
        while (true) {
            try {
                fly.await(machine.id(), "started", machine.version(), BOOT_LOOK);
                return fly.machine(machine.id());
            } catch (FlyException late) {
                if (late.kind() == Kind.GONE && System.nanoTime() < visible) {
                    LockSupport.parkNanos(LOOK_PAUSE.toNanos());
                    continue;
                }
                if (late.kind() != Kind.NOT_YET) {
                    throw late;
                }
                var now = fly.machine(machine.id());
                if (now.started() && now.version().equals(machine.version())) {
                    return now;
                }
                if (!now.onTheWay()) {
                    throw new BackendException("Fly's machine " + now.id() + " ended while it booted: " + now.ending());
                }
                if (System.nanoTime() > until) {
                    fly.stop(machine.id());
                    throw new BackendException("Fly's machine " + now.id() + " did not boot within "
                            + BOOT_PATIENCE.toMinutes() + " minutes; Fly says it is " + now.state());
                }
                step(order, "booting machine " + now.id() + " in " + now.region() + " (" + now.state() + ")");
            }
        }
    }
}
