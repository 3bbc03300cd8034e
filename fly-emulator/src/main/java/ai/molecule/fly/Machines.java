package ai.molecule.fly;

import ai.molecule.fly.Asked.Reply;
import ai.molecule.protocol.Json;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What can be done with machines. Every method but [#await] and [#exec] is called under the world's lock.
final class Machines {

    private static final Set<String> WAITED_FOR =
            Set.of("started", "stopped", "suspended", "destroyed", "failed", "settled");
    private static final int WAIT_SECONDS_MAX = 60;
    private static final int PAGE_MAX = 1000;
    private static final Duration EXEC_PATIENCE = Duration.ofSeconds(60);

    private final World world;
    private final Clockwork clockwork;
    private final Addresses addresses;

    Machines(World world, Clockwork clockwork, Addresses addresses) {
        this.world = world;
        this.clockwork = clockwork;
        this.addresses = addresses;
    }

    Reply list(Asked asked) {
        var app = world.app(asked.app());
        var found = new ArrayList<>(app.machines.values());
        if (asked.flag("include_deleted")) {
            found.addAll(app.destroyed.values());
        }
        var answer = Json.array();
        found.stream()
                .filter(this::visible)
                .filter(machine -> fits(machine, asked))
                .forEach(machine -> answer.add(machine.toJson(asked.flag("summary"))));
        return Reply.ok(answer);
    }

    private static boolean fits(Machine machine, Asked asked) {
        var states = asked.words("state");
        var region = asked.parameter("region");
        return (states.isEmpty() || states.contains(machine.state))
                && region.filter(one -> !one.equals(machine.region)).isEmpty()
                && asked.query().entrySet().stream()
                        .filter(entry -> entry.getKey().startsWith("metadata."))
                        .allMatch(entry -> entry.getValue()
                                .contains(machine.metadata()
                                        .path(entry.getKey().substring("metadata.".length()))
                                        .asText()));
    }

    /// Lists are late.
    private boolean visible(Machine machine) {
        return !machine.createdAt.plus(world.timings().listLag()).isAfter(world.now());
    }

    Reply listOrganisation(Asked asked) {
        var org = asked.called().name("org");
        var after = asked.parameter("updated_after").map(Machines::instant).orElse(Instant.MIN);
        var cursor = asked.parameter("cursor").orElse("");
        var silent = world.faults().silentRegions();
        var found = world.apps.values().stream()
                .filter(app -> app.org.equals(org))
                .filter(app -> asked.who().app().isEmpty() || asked.who().app().equals(app.name))
                .flatMap(app -> java.util.stream.Stream.concat(
                        app.machines.values().stream(),
                        asked.flag("include_deleted") ? app.destroyed.values().stream() : java.util.stream.Stream.of()))
                .filter(this::visible)
                .filter(machine -> !machine.updatedAt.isBefore(after) && !silent.contains(machine.region))
                .filter(machine -> fits(machine, asked))
                .filter(machine -> machine.id.compareTo(cursor) > 0)
                .sorted(Comparator.comparing((Machine machine) -> machine.id))
                .limit(Math.clamp(asked.number("limit", PAGE_MAX), 1, PAGE_MAX) + 1L)
                .toList();
        var limit = Math.clamp(asked.number("limit", PAGE_MAX), 1, PAGE_MAX);
        var page = found.subList(0, Math.min(limit, found.size()));
        var answer = Json.object();
        var machines = answer.putArray("machines");
        page.forEach(machine -> machines.add(machine.toOverview()));
        if (found.size() > limit) {
            answer.put("next_cursor", page.getLast().id);
        }
        var missing = answer.putArray("error_regions");
        silent.forEach(missing::add);
        return Reply.ok(answer);
    }

    private static Instant instant(String text) {
        try {
            return Instant.parse(text);
        } catch (DateTimeParseException bad) {
            throw Refusal.invalid("updated_after: expected a time");
        }
    }

    Reply create(Asked asked) {
        var app = world.app(asked.app());
        var config = ConfigRules.checked(asked.body().path("config"));
        var id = "e" + Ids.hex(13);
        var name = asked.body().path("name").asText("machine-" + id.substring(0, 6));
        checkName(app, name);
        var many = world.apps.values().stream()
                .mapToInt(one -> one.machines.size())
                .sum();
        if (many >= world.faults().machinesMax()) {
            throw Refusal.unprocessable(
                    "Your organization has reached its machine limit. Please contact billing@fly.io");
        }
        var volume = volume(app, config);
        var wanted = Region.meant(asked.body().path("region").asText("ord"));
        var region = volume.map(one -> List.of(one.path("region").asText())).orElse(wanted).stream()
                .filter(world.faults()::takeRoom)
                .findFirst()
                .orElseThrow(() -> volume.isPresent()
                        ? new Refusal(
                                412,
                                "volume_placement_capacity",
                                "insufficient resources to create new machine with existing volume id '"
                                        + volume.get().path("id").asText() + "'")
                        : new Refusal(422, "insufficient_capacity", "could not find a candidate host"));
        var machine = new Machine(app, id, name, region, addresses.next(), config, world.now());
        app.machines.put(id, machine);
        volume.ifPresent(one -> one.put("attached_machine_id", id));
        machine.cordoned = asked.body().path("skip_service_registration").asBoolean();
        var nonce = leased(machine, asked);
        clockwork.launch(machine, !asked.body().path("skip_launch").asBoolean());
        return Reply.ok(
                nonce == null ? machine.toJson(false) : machine.toJson(false).put("nonce", nonce));
    }

    private static void checkName(App app, String name) {
        for (var machine : app.machines.values()) {
            if (machine.name.equals(name)) {
                throw new Refusal(
                        409,
                        "already_exists: unique machine name violation, machine ID " + machine.id
                                + " already exists with name \"" + name + "\"");
            }
        }
    }

    private static Optional<ObjectNode> volume(App app, ObjectNode config) {
        var mount = config.path("mounts").path(0);
        if (mount.isMissingNode()) {
            return Optional.empty();
        }
        var volume = app.volumes.get(mount.path("volume").asText());
        if (volume == null) {
            throw Refusal.invalid("volume " + mount.path("volume").asText() + " not found");
        }
        if (volume.path("attached_machine_id").isTextual()) {
            throw Refusal.precondition("volume " + volume.path("id").asText() + " is attached to machine "
                    + volume.path("attached_machine_id").asText());
        }
        return Optional.of(volume);
    }

    private @Nullable String leased(Machine machine, Asked asked) {
        var seconds = asked.body().path("lease_ttl").asInt(0);
        if (seconds <= 0) {
            return null;
        }
        var nonce = Ids.hex(12);
        machine.lease = new Machine.Lease(nonce, world.now().plusSeconds(seconds), Leases.OWNER, "");
        return nonce;
    }

    Reply show(Machine machine) {
        return Reply.ok(machine.toJson(false));
    }

    Reply update(Machine machine, Asked asked) {
        var expected = asked.body().path("current_version").asText("");
        if (!expected.isEmpty() && !expected.equals(machine.instance)) {
            throw Refusal.aborted("machine update failed due to concurrent update");
        }
        if (machine.state.equals("replacing")) {
            throw Refusal.precondition("machine getting replaced, refusing to update");
        }
        if (machine.state.equals("destroying")) {
            throw Refusal.precondition("machine is being destroyed");
        }
        var config = ConfigRules.checked(asked.body().path("config"));
        if (!config.path("mounts")
                .path(0)
                .path("volume")
                .equals(machine.config.path("mounts").path(0).path("volume"))) {
            throw Refusal.unprocessable("invalid_argument: the volume of a machine cannot be changed");
        }
        if (world.faults().hostFull(machine.id)) {
            throw Refusal.aborted("insufficient resources available to fulfill request: not enough memory");
        }
        machine.config = config;
        machine.instance = Ids.ulid(world.now());
        machine.versions.put(machine.instance, config);
        clockwork.replace(machine, !asked.body().path("skip_launch").asBoolean());
        return show(machine);
    }

    Reply start(Machine machine) {
        var before = machine.state;
        clockwork.start(machine);
        return Reply.ok(Json.object()
                .put("previous_state", before)
                .put("migrated", false)
                .put("new_host", ""));
    }

    Reply stop(Machine machine, Asked asked) {
        var signal = asked.body().path("signal").asText("");
        var timeout = asked.body().path("timeout");
        clockwork.stop(
                machine,
                signal.isEmpty() ? null : signal,
                timeout.isMissingNode() ? null : Boots.duration(timeout, Duration.ofSeconds(5)));
        return Reply.done();
    }

    Reply suspend(Machine machine) {
        clockwork.suspend(machine);
        return Reply.done();
    }

    Reply restart(Machine machine, Asked asked) {
        var force = asked.flag("force_stop");
        clockwork.restart(machine, force ? "SIGKILL" : asked.parameter("signal").orElse(null), null);
        return Reply.done();
    }

    Reply signal(Machine machine, Asked asked) {
        if (!machine.state.equals("started")) {
            throw Refusal.precondition("machine not running");
        }
        var signal = asked.body().path("signal");
        world.runner().signal(machine.id, signal.isNumber() ? signal.asText() : signal.asText("SIGTERM"));
        return Reply.done();
    }

    Reply destroy(Machine machine, Asked asked) {
        if (machine.state.equals("destroying")) {
            return Reply.done();
        }
        clockwork.destroy(machine, asked.flag("force") || asked.flag("kill"));
        return Reply.done();
    }

    Reply cordon(Machine machine, boolean cordoned) {
        machine.cordoned = cordoned;
        machine.tell(machine.state, cordoned ? "cordon" : "uncordon", "user", world.now());
        return Reply.nothing(200);
    }

    Reply events(Machine machine, Asked asked) {
        var answer = Json.array();
        machine.events.stream()
                .limit(Math.clamp(asked.number("limit", 20), 1, 50))
                .forEach(answer::add);
        return Reply.ok(answer.deepCopy());
    }

    Reply versions(Machine machine) {
        var answer = Json.array();
        machine.versions.forEach((version, config) -> {
            var one = answer.addObject().put("version", version);
            one.set("user_config", config.deepCopy());
        });
        return Reply.ok(answer);
    }

    /// Waits until a machine is in a state, for a minute at most.
    ///
    /// @throws Refusal 408 when it is not
    Reply await(Asked asked) throws InterruptedException {
        var states = asked.words("state").isEmpty() ? List.of("started") : asked.words("state");
        for (var state : states) {
            if (!WAITED_FOR.contains(state)) {
                throw Refusal.invalid("unsupported state \"" + state + "\"");
            }
        }
        var version = asked.parameter("version")
                .or(() -> asked.parameter("instance_id"))
                .orElse("");
        var machine = world.asked(() -> world.machine(asked.app(), asked.id()));
        var seconds = Math.clamp(asked.number("timeout", WAIT_SECONDS_MAX), 1, WAIT_SECONDS_MAX);
        var reached = world.await(() -> reached(machine, states, version), Duration.ofSeconds(seconds));
        return world.asked(() -> {
            if (!reached) {
                throw new Refusal(
                        408,
                        "deadline_exceeded: machine failed to reach desired state, " + String.join(",", states)
                                + ", currently " + machine.state);
            }
            var newest = machine.events.peekFirst();
            return Reply.ok(Json.object()
                    .put("ok", true)
                    .put("state", machine.state)
                    .put("version", machine.instance)
                    .put("event_id", newest == null ? "" : newest.path("id").asText()));
        });
    }

    private static boolean reached(Machine machine, List<String> states, String version) {
        if (!version.isEmpty() && !version.equals(machine.instance)) {
            return states.contains("stopped") && machine.versions.containsKey(version);
        }
        return states.contains(machine.state)
                || (states.contains("settled")
                        && (Machine.AT_REST.contains(machine.state) || machine.state.equals("started")));
    }

    /// Runs a command in a machine.
    Reply exec(Asked asked) throws IOException {
        var body = asked.body();
        var machine = world.asked(() -> {
            var found = world.machine(asked.app(), asked.id());
            if (!found.state.equals("started")) {
                throw Refusal.precondition("machine not running");
            }
            return found;
        });
        var command = new ArrayList<String>();
        body.path("command").forEach(word -> command.add(word.asText()));
        if (command.isEmpty()) {
            command.addAll(List.of("/bin/sh", "-c", body.path("cmd").asText()));
        }
        var seconds = body.path("timeout").asInt(0);
        var done = world.runner()
                .exec(
                        machine.id,
                        command,
                        body.path("stdin").asText(""),
                        seconds > 0 ? Duration.ofSeconds(seconds) : EXEC_PATIENCE);
        return Reply.ok(Json.object()
                .put("exit_code", done.code())
                .put("exit_signal", 0)
                .put("stdout", done.output())
                .put("stderr", done.errors()));
    }

    Reply metadata(Machine machine) {
        return Reply.ok(machine.metadata().deepCopy());
    }

    Reply metadata(Machine machine, String key) {
        var value = machine.metadata().path(key);
        if (value.isMissingNode()) {
            throw new Refusal(404, "not_found: metadata key not found");
        }
        return Reply.ok(Json.object().put("value", value.asText()));
    }

    Reply setMetadata(Machine machine, String key, JsonNode value) {
        if (!value.isTextual()) {
            throw Refusal.invalid("value: expected a text");
        }
        machine.metadata().put(key, value.asText());
        machine.updatedAt = world.now();
        return Reply.nothing(204);
    }

    Reply deleteMetadata(Machine machine, String key) {
        machine.metadata().remove(key);
        machine.updatedAt = world.now();
        return Reply.nothing(204);
    }

    Reply changeMetadata(Machine machine, Asked asked, boolean replace) {
        var version = asked.body().path("machine_version").asText("");
        if (!version.isEmpty() && !version.equals(machine.instance)) {
            throw Refusal.precondition("machine version is not the current one");
        }
        if (replace) {
            machine.metadata().removeAll();
        }
        for (var one : asked.body().path("metadata").properties()) {
            if (one.getValue().isNull() || one.getValue().asText().isEmpty()) {
                machine.metadata().remove(one.getKey());
            } else {
                machine.metadata().put(one.getKey(), one.getValue().asText());
            }
        }
        machine.updatedAt = world.now();
        return Reply.nothing(204);
    }
}
